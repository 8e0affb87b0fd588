// A client of the desk's WebSocket that is no browser: what the page shows is compared with what the wire says. Node 20
// has none of its own, and this much of RFC 6455 is short: text frames both ways, ours masked.
import { randomBytes, randomUUID } from "node:crypto";
import { request } from "node:http";
import type { Socket } from "node:net";

/** A message of the server, as it came. */
export type Frame = Record<string, any> & { type: string; heardAt: number };

const ANSWER_MS_MAX = 5_000;

export class Wire {
  /** Every frame so far, in order, with the moment of its arrival. */
  readonly frames: Frame[] = [];
  private readonly waiting = new Set<() => void>();
  private unread = Buffer.alloc(0);

  private constructor(private readonly socket: Socket) {
    socket.on("data", (bytes) => this.read(bytes));
    socket.on("error", () => socket.destroy());
  }

  /** Connects to the desk at `url` and waits for its greeting. */
  static async open(url: string): Promise<Wire> {
    const wire = await new Promise<Wire>((opened, failed) => {
      const headers = {
        Connection: "Upgrade",
        Upgrade: "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": randomBytes(16).toString("base64"),
      };
      const asked = request(`${url}/api/ws/realtime`, { headers });
      asked.on("upgrade", (_, socket, head) => {
        const wire = new Wire(socket as Socket);
        wire.read(head);
        opened(wire);
      });
      asked.on("response", (answer) => failed(new Error(`no WebSocket: HTTP ${answer.statusCode}`)));
      asked.on("error", failed);
      asked.end();
    });
    await wire.first((frame) => frame.type === "CONNECTION_ESTABLISHED");
    return wire;
  }

  close(): void {
    this.socket.destroy();
  }

  /** Sends a command and returns the frames that answer it; one that is refused throws. */
  async ask(command: Record<string, unknown>): Promise<Frame[]> {
    const id = randomUUID();
    this.send({ ...command, id });
    const last = await this.first((frame) => frame.id === id && ["ACK", "ERROR"].includes(frame.type));
    if (last.type === "ERROR") throw new Error(`${command.action}: ${last.message}`);
    return this.frames.filter((frame) => frame.id === id);
  }

  /** Buys or sells at market. */
  async order(symbol: string, side: "buy" | "sell", quantity: number): Promise<void> {
    await this.ask({ action: "place_order", symbol, side, order_type: "market", quantity });
  }

  /** The first frame, arrived or to come, that `fits`. */
  async first(fits: (frame: Frame) => boolean): Promise<Frame> {
    return new Promise((found, failed) => {
      const timer = setTimeout(() => {
        this.waiting.delete(look);
        failed(new Error(`no such frame within ${ANSWER_MS_MAX} ms: ${fits}`));
      }, ANSWER_MS_MAX);
      const look = () => {
        const frame = this.frames.find(fits);
        if (!frame) return;
        clearTimeout(timer);
        this.waiting.delete(look);
        found(frame);
      };
      this.waiting.add(look);
      look();
    });
  }

  /** What was true at some time since `moment`: the last fitting frame before it, and all later ones. */
  since(moment: number, fits: (frame: Frame) => boolean): Frame[] {
    const fitting = this.frames.filter(fits);
    const before = fitting.filter((frame) => frame.heardAt < moment);
    return [...before.slice(-1), ...fitting.slice(before.length)];
  }

  private send(message: unknown): void {
    const body = Buffer.from(JSON.stringify(message));
    const mask = randomBytes(4);
    const head = body.length < 126 ? [0x81, 0x80 | body.length] : [0x81, 0xfe, body.length >> 8, body.length & 0xff];
    this.socket.write(Buffer.concat([Buffer.from(head), mask, body.map((byte, at) => byte ^ mask[at % 4])]));
  }

  private read(bytes: Buffer): void {
    this.unread = Buffer.concat([this.unread, bytes]);
    for (;;) {
      const short = this.unread.length < 2 ? 0 : this.unread[1] & 0x7f;
      const start = short === 127 ? 10 : short === 126 ? 4 : 2;
      if (this.unread.length < start) break;
      const length =
        short === 127 ? Number(this.unread.readBigUInt64BE(2)) : short === 126 ? this.unread.readUInt16BE(2) : short;
      if (this.unread.length < start + length) break;
      const isText = (this.unread[0] & 0x0f) === 1;
      const body = this.unread.subarray(start, start + length).toString();
      this.unread = this.unread.subarray(start + length);
      if (isText) this.frames.push({ ...JSON.parse(body), heardAt: Date.now() });
    }
    for (const look of [...this.waiting]) look();
  }
}
