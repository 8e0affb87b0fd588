//! Users on the command line: added, given a password, listed, disabled and let in again. A desk that runs takes notice
//! within a second.

use super::CliError;
use crate::clock;
use crate::users::password;
use crate::users::store::{Store, StoreError, check_name};
use clap::{Args, Subcommand, ValueEnum};
use std::io::{self, BufRead as _, IsTerminal as _, Write};
use std::path::PathBuf;
use tickwire_protocol::access::Role;

/// What can be done about users.
#[derive(Clone, Debug, Subcommand)]
pub enum UserCommand {
    /// Add a user, with an account of their own; asks for the password, or reads it from standard input.
    Add(AddUser),
    /// Set another password, which ends all logins of the user; asks for it, or reads it from standard input.
    Passwd(NamedUser),
    /// List the users.
    List(UserFolder),
    /// Let a user in no longer, and end all logins.
    Disable(NamedUser),
    /// Let a user in again.
    Enable(NamedUser),
}

/// Where the users are.
#[derive(Clone, Debug, Args)]
pub struct UserFolder {
    /// Folder of the desk's data
    #[arg(long, env = "TICKWIRE_DATA_DIR", value_name = "DIR", default_value = "data")]
    pub data_dir: PathBuf,
}

/// One of them.
#[derive(Clone, Debug, Args)]
pub struct NamedUser {
    /// The user's name
    pub name: String,
    #[command(flatten)]
    folder: UserFolder,
}

/// A new one.
#[derive(Clone, Debug, Args)]
pub struct AddUser {
    /// The user's name: 1 to 32 letters, digits, '.', '_', '@' and '-'
    pub name: String,
    /// What the user may do
    #[arg(long, value_enum, default_value = "trader")]
    pub role: RoleChoice,
    #[command(flatten)]
    folder: UserFolder,
}

/// What a user may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum RoleChoice {
    /// See and act.
    Trader,
    /// See.
    Viewer,
}

/// Does what was asked, and writes what there is to say to `out`.
pub fn user(command: UserCommand, out: &mut dyn Write) -> Result<(), CliError> {
    match command {
        UserCommand::Add(AddUser { name, role, folder }) => {
            let mut store = Store::open(&folder.data_dir)?;
            // Before anybody types a password for nothing.
            check_name(&name)?;
            if store.user_named(&name)?.is_some() {
                return Err(StoreError::Refused(format!("there is a user {name} already")).into());
            }
            let role = match role {
                RoleChoice::Trader => Role::Trader,
                RoleChoice::Viewer => Role::Viewer,
            };
            let hash = password::hash(&read_password(&name)?)?;
            let user = store.add_user(&name, role, &hash, clock::now())?;
            writeln!(
                out,
                "added {} ({}), account {}",
                user.name, user.role, user.account
            )?;
        }
        UserCommand::Passwd(NamedUser { name, folder }) => {
            let mut store = Store::open(&folder.data_dir)?;
            known(&store, &name)?;
            let hash = password::hash(&read_password(&name)?)?;
            store.set_password(&name, &hash)?;
            writeln!(out, "{name} has a new password; all logins have ended")?;
        }
        UserCommand::List(folder) => list(&Store::open(&folder.data_dir)?, out)?,
        UserCommand::Disable(NamedUser { name, folder }) => {
            Store::open(&folder.data_dir)?.set_disabled(&name, true)?;
            writeln!(out, "{name} is disabled; all logins have ended")?;
        }
        UserCommand::Enable(NamedUser { name, folder }) => {
            Store::open(&folder.data_dir)?.set_disabled(&name, false)?;
            writeln!(out, "{name} may log in again")?;
        }
    }
    Ok(out.flush()?)
}

fn known(store: &Store, name: &str) -> Result<(), StoreError> {
    match store.user_named(name)? {
        Some(_) => Ok(()),
        None => Err(StoreError::Refused(format!(
            "there is no user {name}; tickwire user list shows those that there are"
        ))),
    }
}

fn list(store: &Store, out: &mut dyn Write) -> Result<(), CliError> {
    let users = store.users()?;
    if users.is_empty() {
        writeln!(out, "no users; tickwire user add NAME adds one")?;
    }
    for user in users {
        let state = if user.is_disabled { "disabled" } else { "enabled" };
        writeln!(out, "{}\t{}\t{}\t{state}", user.name, user.role, user.account)?;
    }
    Ok(())
}

/// Asks twice, unseen, at a terminal; else reads a line, so that another program can hand it over. A password is no
/// argument: those are seen by everybody on the machine.
fn read_password(name: &str) -> Result<String, CliError> {
    let stdin = io::stdin();
    if !stdin.is_terminal() {
        let mut line = String::new();
        stdin.lock().read_line(&mut line)?;
        return Ok(line.trim_end_matches(['\r', '\n']).to_owned());
    }
    let ask = |prompt: String| rpassword::prompt_password(prompt).map_err(CliError::from);
    let password = ask(format!("Password for {name}: "))?;
    if ask("The same again: ".to_owned())? != password {
        return Err(CliError::Usage(
            "the passwords differ; nothing was changed".to_owned(),
        ));
    }
    Ok(password)
}
