//! Prints the AsyncAPI document of the protocol: what `cargo xtask asyncapi` writes to `protocol/asyncapi.json`.
#![expect(clippy::print_stdout, reason = "it is what the example is for")]

fn main() {
    println!("{:#}", tickwire_protocol::schema::asyncapi());
}
