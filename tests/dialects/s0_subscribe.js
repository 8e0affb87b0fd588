ws.send(JSON.stringify({
    type: "subscribe",
    channels: ["balance", "positions"]
}))
