// A desk of one's own: the real binary on a free port, with a data folder that goes away with it.
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";

const START_MS_MAX = 10_000;
const STOP_MS_MAX = 10_000;
const READY = /ready on http:\/\/127\.0\.0\.1:(\d+)/;

export class Desk {
  private child: ChildProcess | undefined;
  private port = 0; // 0 until the first start: the system picks, later starts keep it
  private readonly dataDir = mkdtempSync(join(tmpdir(), "tickwire-e2e-"));
  private readonly said: string[] = [];

  /** @param env further TICKWIRE_* settings of this desk */
  constructor(private readonly env: Record<string, string> = {}) {}

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Everything the server printed so far. */
  get log(): string {
    return this.said.join("\n");
  }

  /** Starts the server and waits until it listens. */
  async start(): Promise<void> {
    if (this.child) throw new Error("this desk is running already");
    const child = spawn(binary(), ["serve", "--listen", `127.0.0.1:${this.port}`], {
      cwd: this.dataDir,
      env: { ...process.env, TICKWIRE_DATA_DIR: this.dataDir, ...this.env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.child = child;
    await new Promise<void>((ready, failed) => {
      const fail = (why: string) => failed(new Error(`tickwire did not start: ${why}\n${this.log}`));
      const timer = setTimeout(() => fail(`not ready in ${START_MS_MAX} ms`), START_MS_MAX);
      const hear = (line: string) => {
        this.said.push(line);
        const port = READY.exec(line)?.[1];
        if (port) {
          this.port = Number(port);
          clearTimeout(timer);
          ready();
        }
      };
      createInterface({ input: child.stdout! }).on("line", hear);
      createInterface({ input: child.stderr! }).on("line", hear);
      child.once("error", (error) => fail(error.message));
      child.once("exit", (code, signal) => {
        clearTimeout(timer);
        fail(`exit ${code ?? signal}`); // without effect once it was ready
      });
    });
  }

  /** Runs `tickwire user …` on this desk's data, as its operator does beside it; `password` goes to its standard input. */
  user(args: string[], password = ""): void {
    const env = { ...process.env, TICKWIRE_DATA_DIR: this.dataDir };
    execFileSync(binary(), ["user", ...args], { cwd: this.dataDir, env, input: `${password}\n`, stdio: "pipe" });
  }

  /** Asks the server to stop, as a service manager does, and waits; one that hangs is killed and reported. */
  async stop(): Promise<void> {
    await this.end("SIGTERM");
  }

  /** Kills the server at once, as a power cut does. */
  async kill(): Promise<void> {
    await this.end("SIGKILL");
  }

  /** Stops (or kills) and starts on the same port with the same data. */
  async restart(how: "stop" | "kill" = "stop"): Promise<void> {
    await this[how]();
    await this.start();
  }

  /** Freezes the server: its connections stay open and silent. */
  pause(): void {
    this.child?.kill("SIGSTOP");
  }

  /** Lets a frozen server go on. */
  resume(): void {
    this.child?.kill("SIGCONT");
  }

  /** Ends everything and removes the data. */
  async dispose(): Promise<void> {
    await this.kill();
    rmSync(this.dataDir, { recursive: true, force: true });
  }

  private async end(signal: "SIGTERM" | "SIGKILL"): Promise<void> {
    const child = this.child;
    this.child = undefined;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
    child.kill(signal);
    let hung = false;
    const timer = setTimeout(() => (hung = child.kill("SIGKILL")), STOP_MS_MAX);
    await gone;
    clearTimeout(timer);
    if (hung) throw new Error(`tickwire did not stop within ${STOP_MS_MAX} ms of ${signal}\n${this.log}`);
  }
}

function binary(): string {
  const path = process.env.TICKWIRE_BIN ?? resolve(__dirname, "../target/release/tickwire");
  if (existsSync(path)) return path;
  throw new Error(`no tickwire binary at ${path}: run \`cargo xtask build\`, or \`cargo xtask test\` for everything`);
}
