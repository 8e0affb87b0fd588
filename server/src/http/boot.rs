//! The desk as a page is born with it: the very frames that the socket would send at this moment.

use crate::clock;
use crate::hub::Hub;
use crate::users::Identity;
use tickwire_app::boot::{Boot, Reader};
use tickwire_protocol::command::{Command, GetExecutions};
use tickwire_protocol::session::server::Board;
use tickwire_protocol::topic::Topic;

/// Tickers that a page carries; of a larger market it shows the rest once it is live.
const TICKERS_MAX: usize = 100;

/// Rows of each list that a page carries, beside open orders.
const ROWS: u32 = 50;

/// What pages are rendered from.
#[derive(Clone, Debug)]
pub struct DeskView {
    /// Where the values are.
    pub hub: Hub,
    /// `paper`, or the venue of a real account.
    pub account_kind: String,
    /// Where the market data come from.
    pub market: String,
}

impl DeskView {
    /// The desk now, as somebody who was let in sees it; nothing of it for anybody else.
    pub fn boot(&self, site_version: &str, identity: Option<&Identity>) -> Boot {
        let frames = identity.map_or(Vec::new(), |identity| self.frames(identity));
        let signed_in = identity.and_then(Identity::signed_in);
        Boot {
            release: env!("CARGO_PKG_VERSION").to_owned(),
            site_version: site_version.to_owned(),
            taken_at: clock::now(),
            market: self.market.clone(),
            account_kind: self.account_kind.clone(),
            reader: signed_in.map(|user| Reader {
                name: user.name,
                role: user.role,
            }),
            frames,
        }
    }

    fn frames(&self, identity: &Identity) -> Vec<String> {
        self.hub.with_board(identity.account, |board| {
            let tickers = board
                .symbols()
                .iter()
                .take(TICKERS_MAX)
                .map(|symbol| Topic::Ticker(*symbol));
            let topics = tickers.chain([
                Topic::Positions,
                Topic::Portfolio,
                Topic::Balance,
                Topic::Dashboard,
                Topic::Equity,
                Topic::Performance,
                Topic::Status,
            ]);
            let values = topics.filter_map(|topic| board.state(topic, None));
            // Each names the place that it is as of, and all are read under one lock: the page goes on from there.
            let rows = usize::try_from(ROWS).unwrap_or_default();
            let last = GetExecutions {
                symbol: None,
                limit: Some(ROWS),
            };
            let questions = [Command::GetExecutions(last), Command::GetRisk, Command::GetAlerts];
            let lists = board
                .recent_orders(rows)
                .into_iter()
                .chain(questions.iter().filter_map(|question| board.answer(question)))
                .chain([board.recent_lines(rows)]);
            // Leptos writes them into a script as text, so the bytes are taken as the text that they are.
            std::iter::once(board.instruments())
                .chain(values)
                .chain(lists)
                .map(|frame| String::from_utf8_lossy(&frame.text()).into_owned())
                .collect()
        })
    }
}
