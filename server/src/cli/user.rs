//! Users on the command line: added, given a password or a role, listed, disabled and let in again; and tokens for their
//! programs. A desk that runs takes notice within a second or two.

use super::CliError;
use crate::clock;
use crate::config::DataFolder;
use crate::users::SessionId;
use crate::users::password;
use crate::users::store::{FILE, Store, StoreError, check_name, unknown};
use clap::{Args, Subcommand, ValueEnum};
use std::io::{self, BufRead as _, IsTerminal as _, Write};
use tickwire_protocol::access::Role;

/// What can be done about users.
#[derive(Clone, Debug, Subcommand)]
pub enum UserCommand {
    /// Add a user, with an account of their own; asks for the password, or reads it from standard input.
    Add(AddUser),
    /// Set another password, which ends all logins and tokens of the user; asks for it, or reads it from standard input.
    Passwd(NamedUser),
    /// Give a user another role; open connections are closed, and come back with it.
    Role(RoleOfUser),
    /// List the users.
    List(DataFolder),
    /// Let a user in no longer, and end all logins and tokens.
    Disable(NamedUser),
    /// Let a user in again.
    Enable(NamedUser),
    /// Make an access token for a program that cannot renew one, such as a client of an older system; prints it on a line of
    /// its own, this once.
    Token(NewToken),
    /// List the tokens of a user that are good: id, when it was made, when it ends, label.
    Tokens(NamedUser),
    /// End a token, and close its connections.
    Revoke(RevokeToken),
}

/// One of them.
#[derive(Clone, Debug, Args)]
pub struct NamedUser {
    /// The user's name
    pub name: String,
    #[command(flatten)]
    folder: DataFolder,
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
    folder: DataFolder,
}

/// Another role.
#[derive(Clone, Debug, Args)]
pub struct RoleOfUser {
    /// The user's name
    pub name: String,
    /// What the user may do from now on
    #[arg(value_enum)]
    pub role: RoleChoice,
    #[command(flatten)]
    folder: DataFolder,
}

/// A new token.
#[derive(Clone, Debug, Args)]
pub struct NewToken {
    /// The user's name: the token acts for that account, with that role
    pub name: String,
    /// Days that it is good for, 1 to 366
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=366))]
    pub days: u16,
    /// What it is for, to be told from others in the list
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub label: String,
    #[command(flatten)]
    folder: DataFolder,
}

/// A token to end.
#[derive(Clone, Debug, Args)]
pub struct RevokeToken {
    /// The user's name
    pub name: String,
    /// The token's id, as tickwire user tokens lists it
    pub id: i64,
    #[command(flatten)]
    folder: DataFolder,
}

/// What a user may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum RoleChoice {
    /// See and act.
    Trader,
    /// See.
    Viewer,
}

impl From<RoleChoice> for Role {
    fn from(choice: RoleChoice) -> Role {
        match choice {
            RoleChoice::Trader => Role::Trader,
            RoleChoice::Viewer => Role::Viewer,
        }
    }
}

/// Does what was asked. The answer goes to `out`, for other programs too; what is said beside it to `notes`.
pub fn user(command: UserCommand, out: &mut dyn Write, notes: &mut dyn Write) -> Result<(), CliError> {
    match command {
        UserCommand::Add(add_user) => add(&add_user, out)?,
        UserCommand::Passwd(NamedUser { name, folder }) => {
            let mut store = existing(&folder)?;
            known(&store, &name)?;
            let hash = password::hash(&read_password(&name)?)?;
            store.set_password(&name, &hash)?;
            writeln!(out, "{name} has a new password; all logins and tokens have ended")?;
        }
        UserCommand::Role(RoleOfUser { name, role, folder }) => {
            let role = Role::from(role);
            existing(&folder)?.set_role(&name, role)?;
            writeln!(out, "{name} is a {role}")?;
        }
        UserCommand::List(folder) => list(&existing(&folder)?, out)?,
        UserCommand::Disable(NamedUser { name, folder }) => {
            existing(&folder)?.set_disabled(&name, true)?;
            writeln!(out, "{name} is disabled; all logins and tokens have ended")?;
        }
        UserCommand::Enable(NamedUser { name, folder }) => {
            existing(&folder)?.set_disabled(&name, false)?;
            writeln!(out, "{name} may log in again")?;
        }
        UserCommand::Token(NewToken {
            name,
            days,
            label,
            folder,
        }) => {
            let (token, made) = existing(&folder)?.issue_token(&name, &label, days, clock::now())?;
            writeln!(out, "{}", token.reveal())?;
            writeln!(
                notes,
                "token {id} of {name} is good until {}Z and is not shown again; tickwire user revoke {name} {id} ends it",
                made.expires_at,
                id = made.id.0
            )?;
        }
        UserCommand::Tokens(NamedUser { name, folder }) => {
            let tokens = existing(&folder)?.program_tokens(&name, clock::now())?;
            if tokens.is_empty() {
                writeln!(
                    notes,
                    "{name} has no tokens; tickwire user token {name} --days N makes one"
                )?;
            }
            for token in tokens {
                let (id, created, ends) = (token.id.0, token.created_at, token.expires_at);
                writeln!(out, "{id}\t{created}Z\t{ends}Z\t{}", token.label)?;
            }
        }
        UserCommand::Revoke(RevokeToken { name, id, folder }) => {
            existing(&folder)?.revoke_token(&name, SessionId(id))?;
            writeln!(out, "token {id} of {name} has ended")?;
        }
    }
    Ok(out.flush()?)
}

/// Only a user who is added makes a file: anything else that found none was asked of the wrong folder.
fn existing(folder: &DataFolder) -> Result<Store, CliError> {
    Ok(Store::open_existing(&folder.resolve()?)?)
}

fn add(AddUser { name, role, folder }: &AddUser, out: &mut dyn Write) -> Result<(), CliError> {
    let data_dir = folder.resolve()?;
    // Before anybody types a password for nothing, and before there is a file.
    check_name(name)?;
    match Store::open_existing(&data_dir) {
        Ok(store) if store.user_named(name)?.is_some() => {
            return Err(StoreError::Refused(format!("there is a user {name} already")).into());
        }
        Ok(_) | Err(StoreError::Missing { .. }) => {}
        Err(error) => return Err(error.into()),
    }
    let hash = password::hash(&read_password(name)?)?;
    let user = Store::open(&data_dir)?.add_user(name, Role::from(*role), &hash, clock::now())?;
    writeln!(
        out,
        "added {} ({}), account {}, in {}",
        user.name,
        user.role,
        user.account,
        data_dir.join(FILE).display()
    )?;
    Ok(())
}

fn known(store: &Store, name: &str) -> Result<(), StoreError> {
    match store.user_named(name)? {
        Some(_) => Ok(()),
        None => Err(unknown(name)),
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
