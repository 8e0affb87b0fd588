//! The folder of the desk's data, found by every subcommand as by `serve`: flag, variable, file, default.

use super::{ConfigError, ServeArgs, check_environment};
use clap::Args;
use std::path::PathBuf;

/// Where the desk's data are.
#[derive(Clone, Debug, Args)]
pub struct DataFolder {
    /// File to read the folder from, where neither --data-dir nor TICKWIRE_DATA_DIR says it [default: tickwire.toml in the
    /// working folder, where there is one]
    #[arg(long, env = "TICKWIRE_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    /// Folder of the desk's data [default: data]
    #[arg(long, env = "TICKWIRE_DATA_DIR", value_name = "DIR")]
    data_dir: Option<PathBuf>,
}

impl DataFolder {
    /// The folder that `serve` would take, here and now; refused where the file or a variable is not understood.
    pub fn resolve(&self) -> Result<PathBuf, ConfigError> {
        check_environment(std::env::vars_os().filter_map(|(name, _)| name.into_string().ok()))?;
        let said = ServeArgs {
            config: self.config.clone(),
            data_dir: self.data_dir.clone(),
            ..ServeArgs::default()
        };
        let folder = said.with_file()?.folder();
        // What is said of it names it whole: a mistyped folder is easier seen so.
        Ok(std::path::absolute(&folder).unwrap_or(folder))
    }
}
