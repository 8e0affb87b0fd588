//! A desk of one's own: the real binary as a process, on a free port, with a data folder that goes away with it.

use std::io::{BufRead as _, BufReader, Read as _, Seek as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use tempfile::TempDir;

use crate::binary;

/// How often something that cannot be waited for is looked at.
const LOOK_AGAIN: Duration = Duration::from_millis(5);

/// What a desk is started with.
#[derive(Debug, Default)]
pub struct Setup {
    binary: Option<PathBuf>,
    args: Vec<String>,
    own_data_dir: bool,
    settings: Option<String>,
    variables: Vec<(String, String)>,
}

impl Setup {
    /// A desk as it comes: everything by default, but for the port, the data folder and the slippage. That is zero unless
    /// something is said of it, so that fills can be compared with quotes.
    pub fn new() -> Self {
        Self::default()
    }

    /// A synthetic market that always moves the same way.
    pub fn sim(symbols: u32, ticks_per_second: u32) -> Self {
        Self::new()
            .arg("--market", "sim")
            .arg("--sim-seed", "7")
            .arg("--sim-symbols", &symbols.to_string())
            .arg("--sim-ticks-per-second", &ticks_per_second.to_string())
    }

    /// With this flag.
    pub fn arg(mut self, name: &str, value: &str) -> Self {
        self.args.extend([name.to_owned(), value.to_owned()]);
        self
    }

    /// With this variable in its environment.
    pub fn variable(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    /// With this `tickwire.toml` in its working folder.
    pub fn settings(mut self, toml: &str) -> Self {
        self.settings = Some(toml.to_owned());
        self
    }

    /// Without being told where its data go.
    pub fn own_data_dir(mut self) -> Self {
        self.own_data_dir = true;
        self
    }

    /// With this binary.
    pub fn binary(mut self, binary: &Path) -> Self {
        self.binary = Some(binary.to_owned());
        self
    }

    fn says(&self, option: &str) -> bool {
        let flag = format!("--{option}");
        let variable = format!("TICKWIRE_{}", option.replace('-', "_").to_uppercase());
        let in_file = self.settings.as_deref().unwrap_or_default().contains(option);
        in_file
            || self.args.iter().any(|arg| *arg == flag || *arg == "--config")
            || self.variables.iter().any(|(name, _)| *name == variable)
    }

    /// Starts it and waits until it is ready.
    pub fn start(self) -> Result<Desk> {
        let binary = match &self.binary {
            Some(binary) => binary.clone(),
            None => binary::path()?,
        };
        let mut desk = Desk {
            binary,
            setup: self,
            folder: tempfile::tempdir()?,
            child: None,
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            words: tempfile::tempfile()?,
        };
        desk.spawn()?;
        Ok(desk)
    }
}

/// A running (or stopped) server. Dropping it kills the process and removes the data.
#[derive(Debug)]
pub struct Desk {
    binary: PathBuf,
    setup: Setup,
    /// The working folder, with the data in it.
    folder: TempDir,
    child: Option<Child>,
    /// Port 0 until the first start: the system picks one, and later starts keep it.
    address: SocketAddr,
    /// What it says on standard error; shown when the test fails.
    words: std::fs::File,
}

impl Desk {
    /// Starts a fresh desk.
    pub fn start() -> Result<Self> {
        Setup::new().start()
    }

    /// Starts a fresh desk from a given binary.
    pub fn start_binary(binary: &Path) -> Result<Self> {
        Setup::new().binary(binary).start()
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where it keeps its data.
    pub fn data_dir(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Kills the process at once, as a power cut does.
    pub fn kill(&mut self) -> Result<()> {
        if let Some(mut child) = self.child.take() {
            child.kill()?;
            child.wait()?;
        }
        Ok(())
    }

    /// Starts another process on the same port and data.
    pub fn restart(&mut self) -> Result<()> {
        self.spawn()
    }

    /// Kills the process and starts another on the same port and data.
    pub fn kill_and_restart(&mut self) -> Result<()> {
        self.kill()?;
        self.spawn()
    }

    /// Sends a signal by its name, such as `TERM`.
    pub fn signal(&self, name: &str) -> Result<()> {
        let pid = self.pid()?.to_string();
        let status = Command::new("kill").args([&format!("-{name}"), &pid]).status()?;
        anyhow::ensure!(status.success(), "kill -{name} {pid} failed");
        Ok(())
    }

    /// With another value of a flag from the next start on.
    pub fn set_arg(&mut self, name: &str, value: &str) {
        let args = &mut self.setup.args;
        if let Some(place) = args.iter().position(|arg| arg == name) {
            args.drain(place..place + 2);
        }
        args.extend([name.to_owned(), value.to_owned()]);
    }

    /// Waits until the process has ended by itself.
    pub fn ended(&mut self, within: Duration) -> Result<ExitStatus> {
        let deadline = Instant::now() + within;
        loop {
            let child = self.child.as_mut().context("the desk runs")?;
            if let Some(status) = child.try_wait()? {
                self.child = None;
                return Ok(status);
            }
            if Instant::now() >= deadline {
                bail!("still running after {within:?}");
            }
            std::thread::sleep(LOOK_AGAIN);
        }
    }

    /// Memory of the process that is in RAM, in kilobytes.
    pub fn resident_kb(&self) -> Result<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid()?))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kb = line.and_then(|line| line.trim().strip_suffix(" kB"));
        Ok(kb.context("VmRSS is there")?.parse()?)
    }

    /// Processor time that the process has used, in seconds.
    pub fn cpu_seconds(&self) -> Result<f64> {
        // Linux tells it in hundredths of a second, on every machine that the desk runs on.
        const TICKS: f64 = 100.0;
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.pid()?))?;
        // The name of the program may have spaces in it; the fields after it are counted from the third on.
        let (_, fields) = stat.rsplit_once(')').context("a name in brackets")?;
        let used = fields.split_whitespace().skip(11).take(2);
        let used: Vec<u32> = used.map(str::parse).collect::<Result<_, _>>()?;
        Ok(used.into_iter().map(f64::from).sum::<f64>() / TICKS)
    }

    fn pid(&self) -> Result<u32> {
        Ok(self.child.as_ref().context("the desk runs")?.id())
    }

    fn spawn(&mut self) -> Result<()> {
        if let Some(settings) = &self.setup.settings {
            std::fs::write(self.folder.path().join("tickwire.toml"), settings)?;
        }
        let mut command = clean(&self.binary);
        command
            .args(["serve", "--listen", &self.address.to_string()])
            .args(&self.setup.args)
            .envs(self.setup.variables.iter().cloned())
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(self.words.try_clone()?);
        if !self.setup.says("slippage-bps") {
            command.args(["--slippage-bps", "0"]);
        }
        if !self.setup.own_data_dir {
            command.arg("--data-dir").arg(self.data_dir());
        }
        let child = command
            .spawn()
            .with_context(|| format!("cannot start {}", self.binary.display()))?;
        let stdout = self
            .child
            .insert(child)
            .stdout
            .take()
            .context("stdout is piped")?;
        let mut lines = BufReader::new(stdout).lines();
        let address = loop {
            let Some(line) = lines.next() else {
                bail!("tickwire ended before it was ready: {}", self.words());
            };
            let said = line?;
            let url = said
                .split_once("ready on ")
                .and_then(|(_, url)| url.split_once("://"));
            if let Some((_, address)) = url {
                break address.trim().parse()?;
            }
        };
        self.address = address;
        // The pipe is read to its end, or a talkative server would stop when it is full.
        std::thread::spawn(move || lines.for_each(drop));
        Ok(())
    }

    /// What it said on standard error so far.
    pub fn words(&self) -> String {
        let mut words = String::new();
        let read = self.words.try_clone().and_then(|mut file| {
            file.seek(std::io::SeekFrom::Start(0))?;
            file.read_to_string(&mut words)
        });
        match read {
            Ok(_) => words,
            Err(error) => error.to_string(),
        }
    }
}

/// A command whose environment has nothing of Tickwire's in it, such as the `TICKWIRE_BIN` of the tests themselves.
pub fn clean(binary: &Path) -> Command {
    let mut command = Command::new(binary);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("TICKWIRE_") {
            command.env_remove(name);
        }
    }
    command
}

impl Drop for Desk {
    #[expect(clippy::print_stderr, reason = "a failed scenario shows what the server said")]
    fn drop(&mut self) {
        if let Some(child) = self.child.as_mut() {
            // Already gone is as good: there is nobody left to tell.
            let _ = child.kill();
            let _ = child.wait();
        }
        if std::thread::panicking() {
            let words = self.words();
            let tail: Vec<_> = words.lines().rev().take(20).collect();
            for line in tail.iter().rev() {
                eprintln!("desk: {line}");
            }
        }
    }
}
