//! The handle of a desk: what a program asks of it.

use crate::builder::{Builder, StartError};
use crate::driver::Order;
use crate::events::Events;
use crate::refused::Refused;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tickwire_protocol::command::{Command, GetOrders, Instruction, PlaceOrder};
use tickwire_protocol::id::ClientOrderId;
use tickwire_protocol::message::{Ack, Body, Instruments, Message, Orders, Outcome};
use tickwire_protocol::session::client::Link;
use tickwire_protocol::topic::Topic;
use tokio::sync::{mpsc, oneshot, watch};

/// A desk that connects by itself and stays connected. Clones are handles of the same one; it ends with
/// [`Desk::shutdown`], or when all handles and its [`Events`] were dropped.
#[derive(Clone, Debug)]
pub struct Desk {
    orders: mpsc::Sender<Order>,
    stop: mpsc::Sender<oneshot::Sender<()>>,
    link: watch::Receiver<Link>,
    names: Arc<Names>,
}

/// Names orders, differently in each desk of each process.
#[derive(Debug)]
struct Names {
    seed: u64,
    next: AtomicU64,
}

/// The desk was shut down, or the server will not have it back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the connection is closed for good{}", .code.map(|code| format!(" with code {code}")).unwrap_or_default())]
pub struct Closed {
    /// The server's close code, where it was the server.
    pub code: Option<u16>,
}

impl Desk {
    /// Says how a desk is to be. `url` is that of its page, such as `ws://127.0.0.1:8000`; its path may be left out.
    pub fn builder(url: &str) -> Builder {
        Builder::new(url)
    }

    /// Starts a desk as it comes: no token, and no topics but those that come unasked.
    ///
    /// # Errors
    ///
    /// Only what no reconnect could heal: see [`StartError`].
    pub fn connect(url: &str) -> Result<(Desk, Events), StartError> {
        Desk::builder(url).start()
    }

    pub(crate) fn new(
        orders: mpsc::Sender<Order>,
        stop: mpsc::Sender<oneshot::Sender<()>>,
        link: watch::Receiver<Link>,
        seed: u64,
    ) -> Desk {
        let names = Arc::new(Names {
            seed,
            next: AtomicU64::new(1),
        });
        Desk {
            orders,
            stop,
            link,
            names,
        }
    }

    /// The state of the link.
    pub fn link(&self) -> Link {
        *self.link.borrow()
    }

    /// Waits until every topic is up to date.
    ///
    /// # Errors
    ///
    /// [`Closed`], where that will never be.
    pub async fn live(&self) -> Result<(), Closed> {
        let mut link = self.link.clone();
        let settled = |link: &Link| matches!(link, Link::Live | Link::Closed { .. });
        match link.wait_for(settled).await.as_deref() {
            Ok(Link::Closed { code }) => Err(Closed { code: Some(*code) }),
            Ok(_) => Ok(()),
            Err(_) => Err(Closed { code: None }),
        }
    }

    /// Follows a topic from now on. Each call is undone by one [`Desk::unsubscribe`].
    pub async fn subscribe(&self, topic: Topic) {
        // A desk that has ended follows nothing.
        let _ = self.orders.send(Order::Subscribe(topic)).await;
    }

    /// Follows it no longer.
    pub async fn unsubscribe(&self, topic: Topic) {
        let _ = self.orders.send(Order::Unsubscribe(topic)).await;
    }

    /// Sends a command, now or as soon as there is a connection, and waits for its `ACK`.
    ///
    /// A command whose answer is lost with the connection is sent again on the next one. What would do something twice
    /// carries a `client_order_id`, which is made up where there is none, so it is carried out once; `resume_trading` and
    /// `set_risk_limits` are not sent again, and come back as unknown. Dropping the future does not take the command back.
    ///
    /// # Errors
    ///
    /// [`Refused`]: by the server; or because no answer came within 15 seconds, or the desk ended.
    pub async fn request(&self, command: Command) -> Result<Ack, Refused> {
        self.send(command, false).await.map(|(ack, _)| ack)
    }

    /// Asks a question, such as [`Command::GetExecutions`], and waits for the message that answers it. That message is no
    /// event too.
    ///
    /// # Errors
    ///
    /// As [`Desk::request`].
    pub async fn ask(&self, question: Command) -> Result<Message, Refused> {
        let (_, answer) = self.send(question, true).await?;
        answer.map(|message| *message).ok_or_else(Refused::no_data)
    }

    /// Has the engine do something.
    ///
    /// # Errors
    ///
    /// As [`Desk::request`].
    pub async fn instruct(&self, instruction: Instruction) -> Result<Ack, Refused> {
        self.request(Command::Instruct(instruction)).await
    }

    /// Places an order, once. It gets a `client_order_id` where it has none; the answer tells it, also a refusal.
    ///
    /// ```no_run
    /// use tickwire_client::Desk;
    /// use tickwire_client::protocol::command::PlaceOrder;
    /// use tickwire_client::protocol::order::Side;
    ///
    /// # async fn run(desk: Desk) -> Result<(), Box<dyn std::error::Error>> {
    /// let order = PlaceOrder::market("BTCUSDT".parse()?, Side::Buy, "0.01".parse()?);
    /// match desk.place_order(order).await {
    ///     Ok(ack) => println!("{:?}", ack.report.order_id),
    ///     Err(refused) if refused.is_unknown() => println!("ask for {:?}", refused.client_order_id),
    ///     Err(refused) => println!("not placed: {refused}"),
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`Desk::request`].
    pub async fn place_order(&self, mut order: PlaceOrder) -> Result<Ack, Refused> {
        if order.client_order_id.is_none() {
            order.client_order_id = self.new_order_id();
        }
        let name = order.client_order_id.clone();
        self.instruct(Instruction::PlaceOrder(order))
            .await
            .map_err(|refused| Refused {
                client_order_id: refused.client_order_id.or(name),
                ..refused
            })
    }

    /// The instruments and their rules.
    ///
    /// # Errors
    ///
    /// As [`Desk::request`].
    pub async fn instruments(&self) -> Result<Instruments, Refused> {
        match self.ask(Command::GetInstruments).await?.body {
            Body::Instruments(instruments) => Ok(instruments),
            _ => Err(Refused::no_data()),
        }
    }

    /// Orders, open ones first.
    ///
    /// # Errors
    ///
    /// As [`Desk::request`].
    pub async fn orders(&self, which: GetOrders) -> Result<Orders, Refused> {
        match self.ask(Command::GetOrders(which)).await?.body {
            Body::Orders(orders) => Ok(orders),
            _ => Err(Refused::no_data()),
        }
    }

    /// Says goodbye and waits, for two seconds at most, until the connection is closed. Commands without an answer come
    /// back as unknown.
    pub async fn shutdown(&self) {
        let (done, ended) = oneshot::channel();
        if self.stop.send(done).await.is_ok() {
            // An error means that it has ended as well.
            let _ = ended.await;
        }
    }

    fn new_order_id(&self) -> Option<ClientOrderId> {
        let number = self.names.next.fetch_add(1, Ordering::Relaxed);
        // At most 16 digits, a dot and 16 digits: it always fits.
        ClientOrderId::new(&format!("{:x}.{number:x}", self.names.seed)).ok()
    }

    async fn send(&self, command: Command, wants_data: bool) -> Result<(Ack, Option<Box<Message>>), Refused> {
        let (answer, answered) = oneshot::channel();
        let order = Order::Request {
            command: Box::new(command),
            wants_data,
            answer,
        };
        if self.orders.send(order).await.is_err() {
            return Err(Refused::gone(Outcome::NotExecuted));
        }
        match answered.await {
            Ok(result) => result,
            Err(_) => Err(Refused::gone(Outcome::Unknown)),
        }
    }
}
