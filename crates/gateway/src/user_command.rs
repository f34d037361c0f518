//! Changes a file of local users from the command line.

use std::io::{BufRead, IsTerminal, Write};

use crate::{
    cli::UserCommand,
    sign_in::{
        password,
        users::{User, UserFile},
    },
};

/// Runs one `user` command; the text is for stdout.
pub fn run(command: &UserCommand) -> Result<String, Box<dyn std::error::Error>> {
    match command {
        UserCommand::Add { name, groups, file } => {
            let mut users = UserFile::read_or_new(&file.users)?;
            if users.users.iter().any(|user| user.name == *name) {
                return Err(format!("{name} is there already; change the password with `user password`").into());
            }
            let password = new_password()?;
            users.users.push(User {
                name: name.clone(),
                groups: groups.clone(),
                password,
            });
            users.write(&file.users)?;
            Ok(format!("{name} can sign in.\n"))
        }
        UserCommand::Remove { name, file } => {
            let mut users = UserFile::read(&file.users)?;
            let before = users.users.len();
            users.users.retain(|user| user.name != *name);
            if users.users.len() == before {
                return Err(format!("there is no user {name}").into());
            }
            users.write(&file.users)?;
            Ok(format!("{name} is removed.\n"))
        }
        UserCommand::Password { name, file } => {
            let mut users = UserFile::read(&file.users)?;
            let user = users
                .users
                .iter_mut()
                .find(|user| user.name == *name)
                .ok_or_else(|| format!("there is no user {name}"))?;
            user.password = new_password()?;
            users.write(&file.users)?;
            Ok(format!(
                "{name} has a new password; their sessions end within seconds.\n"
            ))
        }
        UserCommand::List { file } => {
            let users = UserFile::read(&file.users)?;
            Ok(users
                .users
                .iter()
                .map(|user| format!("{}\t{}\n", user.name, user.groups.join(",")))
                .collect())
        }
    }
}

/// Reads one line: from a terminal with a question and without echo, else as it comes.
fn new_password() -> Result<String, Box<dyn std::error::Error>> {
    let terminal = std::io::stdin().is_terminal();
    if terminal {
        std::io::stderr().write_all(b"Password: ")?;
        echo(false);
    }
    let mut line = String::new();
    let read = std::io::stdin().lock().read_line(&mut line);
    if terminal {
        echo(true);
        std::io::stderr().write_all(b"\n")?;
    }
    read?;
    let given = line.trim_end_matches(['\r', '\n']);
    if given.chars().count() < password::MIN_PASSWORD_CHARS {
        return Err(format!("a password needs at least {} characters", password::MIN_PASSWORD_CHARS).into());
    }
    Ok(password::hash(given)?)
}

/// Turns the terminal's echo on or off; where `stty` is missing, the password is seen as it is typed.
fn echo(on: bool) {
    let mode = if on { "echo" } else { "-echo" };
    std::process::Command::new("stty").arg(mode).status().ok();
}
