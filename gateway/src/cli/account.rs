//! `sharpeyes account add`.

use std::io::Read as _;

use clap::Subcommand;
use sharpeyes_domain::{
    access::Role,
    ids::{AreaId, UnitId},
};

use super::{Failure, Outcome, SiteFile};
use crate::{
    access::{
        accounts::{Accounts, Author, NewAccount},
        viewer::Language,
    },
    app::open_dispatch_db,
    clock::Clock,
};

/// Viewers' accounts.
#[derive(clap::Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Make an account. The password comes on standard input, so that it is in no process list and no history.
    Add {
        #[command(flatten)]
        site: SiteFile,
        /// Name to sign in with.
        name: String,
        /// operator, police, unit, technician, administrator or auditor.
        #[arg(long)]
        role: Role,
        /// An area that the viewer may see, with everything in it; may be given several times.
        #[arg(long = "area", value_name = "ID")]
        areas: Vec<AreaId>,
        /// The unit that the viewer belongs to; needed for the role `unit`.
        #[arg(long, value_name = "ID")]
        unit: Option<UnitId>,
        /// Name as others see it.
        #[arg(long, value_name = "TEXT")]
        display_name: Option<String>,
        /// Read the password from standard input; the only way.
        #[arg(long, required = true)]
        password_stdin: bool,
    },
}

pub(super) fn account(arguments: &Arguments) -> Result<Outcome, Failure> {
    let Verb::Add { site, name, role, areas, unit, display_name, password_stdin: _ } = &arguments.verb;
    let site = site.load()?;
    let mut password = String::new();
    std::io::stdin().read_to_string(&mut password)?;
    std::fs::create_dir_all(&site.data_dir)?;
    let db = open_dispatch_db(&site)?;
    let accounts = Accounts::new(&db, &site.name, site.areas.clone(), Clock::system())?;
    let new = NewAccount {
        name: name.clone(),
        display_name: display_name.clone().unwrap_or_else(|| name.clone()),
        role: *role,
        areas: areas.clone(),
        unit: unit.clone(),
        language: Language::default(),
        password: password.trim_end_matches(['\r', '\n']).to_owned(),
    };
    let made = super::runtime()?.block_on(accounts.create(new, Author::CommandLine))?;
    say!("account {} ({}) is made", made.name, made.role);
    Ok(Outcome::Clean)
}
