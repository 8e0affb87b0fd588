//! The login of a connection: what it grants, until when, and what is said before it ends.

use super::Server;
use crate::access::{AccessToken, Role};
use crate::clock::TimestampMs;
use crate::command::Instruction;
use crate::error::{CloseReason, ErrorCode, Refusal};
use crate::id::CommandId;
use crate::message::{AuthExpiring, AuthOk, Body, ErrorBody, Message, Outcome};
use std::fmt::Debug;

/// A login is looked at this often: one that was ended elsewhere closes its connections within that.
const LOOK_EVERY_MS: i64 = 1_000;

/// What a login grants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grant {
    /// What may be done.
    pub role: Role,
    /// When its end is announced.
    pub announce_at: TimestampMs,
    /// When it ends.
    pub expires_at: TimestampMs,
    /// When a connection that did not renew it is closed.
    pub close_at: TimestampMs,
}

/// Who knows what tokens are worth. It is bound to the user that the connection acts for.
pub trait Authority: Debug + Send {
    /// What a token grants at this time; refused where it is not one of the same user.
    fn renew(&mut self, token: &AccessToken, now: TimestampMs) -> Result<Grant, Refusal>;

    /// Whether the login still stands: false once it was ended, its user disabled, or the password changed.
    fn stands(&self) -> bool;
}

/// The login of one connection.
#[derive(Debug)]
pub(super) struct Login {
    authority: Box<dyn Authority>,
    grant: Grant,
    is_announced: bool,
}

impl Login {
    fn due(&self, now: TimestampMs) -> TimestampMs {
        let next = if self.is_announced {
            self.grant.close_at
        } else {
            self.grant.announce_at
        };
        next.min(now + LOOK_EVERY_MS)
    }
}

impl Server {
    /// The same connection, which acts for somebody who logged in.
    pub fn with_login(mut self, grant: Grant, authority: Box<dyn Authority>) -> Server {
        self.login = Some(Login {
            authority,
            grant,
            is_announced: false,
        });
        self
    }

    /// Takes in another token; where nobody has to log in every one is as good as none.
    pub(super) fn authenticate(&mut self, now: TimestampMs, id: Option<CommandId>, token: &AccessToken) {
        let expires_at = match &mut self.login {
            None => None,
            Some(login) => match login.authority.renew(token, now) {
                Ok(grant) => {
                    // A token that ends no later would be announced again at once, and be shown again at once.
                    login.is_announced &= grant.expires_at <= login.grant.expires_at;
                    login.grant = grant;
                    Some(grant.expires_at)
                }
                Err(refusal) => return self.refuse(now, id, refusal),
            },
        };
        self.answer(Message::plain(id, now, Body::AuthOk(AuthOk { expires_at })));
    }

    /// Whether an instruction is taken; otherwise it is answered here.
    pub(super) fn may_act(
        &mut self,
        now: TimestampMs,
        id: &Option<CommandId>,
        instruction: &Instruction,
    ) -> bool {
        let role = self.login.as_ref().map_or(Role::Trader, |login| login.grant.role);
        if role.may_act() {
            return true;
        }
        let refusal = Refusal::new(
            ErrorCode::Forbidden,
            "you are logged in as a viewer, who sees and cannot act; ask the operator for the role of a trader",
        );
        let body = ErrorBody {
            client_order_id: instruction.client_order_id().cloned(),
            outcome: Some(Outcome::NotExecuted),
            ..ErrorBody::from(refusal)
        };
        self.answer(Message::plain(id.clone(), now, Body::Error(body)));
        false
    }

    /// Announces the end of the login and closes at it. Gives when to look again.
    pub(super) fn poll_login(&mut self, now: TimestampMs) -> Option<TimestampMs> {
        let login = self.login.as_mut()?;
        if !login.authority.stands() {
            self.close(CloseReason::LoginEnded);
        } else if now >= login.grant.close_at {
            self.close(CloseReason::AuthExpired);
        } else if now >= login.grant.announce_at && !login.is_announced {
            login.is_announced = true;
            let in_ms = login.grant.expires_at.since(now);
            self.answer(Message::plain(
                None,
                now,
                Body::AuthExpiring(AuthExpiring { in_ms }),
            ));
        }
        self.login.as_ref().map(|login| login.due(now))
    }
}
