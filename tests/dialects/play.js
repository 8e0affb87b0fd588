// Runs the JavaScript clients of the older systems' documents: node play.js ws://HOST:PORT s0|s1|s2|s4 [TOKEN]
//
// Their text is run as it is, but for the address, and the token where one is given. What a page would give them
// (`document`, a console) is written to standard output, one JSON array a line.
const fs = require('node:fs');
const path = require('node:path');
const vm = require('node:vm');

const [base, dialect, token = 'your-auth-token'] = process.argv.slice(2);
const say = (...words) => process.stdout.write(`${JSON.stringify(words)}\n`);
const text = (name) => fs.readFileSync(path.join(__dirname, name), 'utf8');
const read = (name) => text(name).replaceAll('ws://localhost:8000', base).replaceAll('your-auth-token', token);
const run = (text) => vm.runInThisContext(text);
const play = (name) => run(read(name));

globalThis.console = { log: say, error: (...words) => say('error', ...words.map(String)) };
globalThis.WebSocket = WebSocket;
globalThis.setTimeout = setTimeout;
globalThis.document = {
  getElementById: (id) => ({
    set textContent(text) {
      say(id, text);
    },
  }),
};

const older = {
  // The document has the cases of a switch, and the frame to subscribe with.
  s0() {
    globalThis.updateBalanceInfo = (balance) => say('balance', balance);
    globalThis.updatePositionsTable = (positions) => say('positions', positions);
    const handle = new Function('data', `switch (data.type) {\n${read('s0_handlers.js')}\n}`);
    globalThis.ws = new WebSocket(`${base}/ws?dialect=s0`);
    ws.onmessage = (event) => {
      const data = JSON.parse(event.data);
      say('<-', data.type);
      handle(data);
      if (data.type === 'initial_status') play('s0_subscribe.js');
    };
  },
  // The document has how to connect, and three commands to try.
  s1() {
    play('s1_client.js');
    globalThis.commands = read('s1_commands.txt').trim().split('\n');
    globalThis.say = say;
    run('ws.onopen = () => commands.forEach((command) => ws.send(command));');
    run('ws.onmessage = (event) => { const data = JSON.parse(event.data); say(data.type, data); };');
  },
  // The document has a whole client.
  s2() {
    play('s2_client.js');
  },
  // The document has a class, and what to do with its messages.
  s4() {
    play('s4_client.js');
    run(`const wsManager = new WebSocketManager('${base}/ws?dialect=s4');`);
    play('s4_dashboard.js');
    globalThis.say = say;
    run("for (const type of ['positions_update', 'trades_update', 'alerts_update', 'performance_update'])\n" +
      '  wsManager.on(type, (data) => say(type, data));');
    // Once it has been told of all channels, it asks for two of them.
    run("wsManager.on('performance_update', () => wsManager.send('subscribe', { channels: ['trades', 'alerts'] }));");
    run("wsManager.on('error', (data) => say('error', data));");
  },
};

older[dialect]();
