//! `sharpeyes model list|check|add`.

use std::{
    io::{BufRead as _, IsTerminal as _, Write as _},
    path::PathBuf,
};

use clap::Subcommand;
use sharpeyes_domain::ids::ModelId;
use sharpeyes_inference::{
    Runtime,
    catalogue::{self, Addition, Limits, Question, Source},
};

use super::{Failure, Outcome, SiteFile};

/// Detectors on this machine.
#[derive(clap::Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    verb: Verb,
    /// The site file, for its models folder and runtime.
    #[arg(short = 'c', long = "config", value_name = "FILE", global = true)]
    site: Option<PathBuf>,
    /// The models folder, instead of a site file's.
    #[arg(long, value_name = "DIR", global = true, conflicts_with = "site")]
    models: Option<PathBuf>,
}

#[derive(Subcommand)]
enum Verb {
    /// What is installed, and what could be.
    List,
    /// Read, hash and load installed models; all of them when none is named.
    Check {
        /// Which.
        id: Option<ModelId>,
    },
    /// Install a model from where its makers publish it, or from a file.
    Add {
        /// Its name, e.g. `yolox-nano`.
        id: ModelId,
        /// A file on this machine instead of the network.
        #[arg(long, value_name = "PATH")]
        file: Option<PathBuf>,
        /// Its manifest, for a model that the product does not know.
        #[arg(long, value_name = "PATH")]
        manifest: Option<PathBuf>,
        /// Do not ask about a hash that nobody here vouches for: it has been compared.
        #[arg(long)]
        yes: bool,
    },
}

pub(super) fn model(arguments: &Arguments) -> Result<Outcome, Failure> {
    let place = place(arguments)?;
    match &arguments.verb {
        Verb::List => list(&place),
        Verb::Check { id } => check(&place, id.as_ref()),
        Verb::Add { id, file, manifest, yes } => {
            let source = file.clone().map_or(Source::Release, Source::File);
            let addition = Addition { id: id.clone(), source, manifest: manifest.clone() };
            let consent = if *yes { Consent::Given } else { Consent::Asked };
            add(&place, &addition, consent)
        }
    }
}

struct Place {
    models: PathBuf,
    /// Without one, files are hashed but not loaded, and the command says so.
    runtime: Option<Runtime>,
}

#[derive(Clone, Copy)]
enum Consent {
    Given,
    Asked,
}

fn place(arguments: &Arguments) -> Result<Place, Failure> {
    let (models, configured) = match (&arguments.models, &arguments.site) {
        (Some(models), _) => (models.clone(), None),
        (None, Some(site)) => {
            let site = SiteFile { site: site.clone() }.load()?;
            (site.inference.models, site.inference.runtime)
        }
        (None, None) => {
            return Err(Failure::Configuration("name a site file (-c) or a folder (--models)".into()));
        }
    };
    let runtime = super::onnx_runtime(configured.as_deref())
        .inspect_err(|error| eprintln!("models are hashed, but not loaded: {error}"))
        .ok();
    Ok(Place { models, runtime })
}

fn list(place: &Place) -> Result<Outcome, Failure> {
    let entries = catalogue::list(&place.models)?;
    if entries.is_empty() {
        println!("no detector is installed in {}", place.models.display());
    }
    for entry in &entries {
        match &entry.model {
            Ok(model) => println!("{:24} {} ({})", entry.id, model.manifest.family, model.manifest.licence),
            Err(error) => println!("{:24} UNUSABLE: {error}", entry.id),
        }
    }
    println!("\nknown by name (sharpeyes model add NAME [--file PATH]):");
    for known in catalogue::known() {
        println!("{:24} {}", known.id, known.title);
    }
    Ok(Outcome::Clean)
}

fn check(place: &Place, id: Option<&ModelId>) -> Result<Outcome, Failure> {
    let ids = match id {
        Some(id) => vec![id.clone()],
        None => catalogue::list(&place.models)?
            .into_iter()
            .map(|entry| ModelId::new(&entry.id))
            .collect::<Result<_, _>>()?,
    };
    let mut outcome = Outcome::Clean;
    for id in ids {
        match catalogue::check(&place.models, &id, place.runtime.as_ref()) {
            Ok(_) => println!("{id}: ok"),
            Err(error) => {
                println!("{id}: {:#}", anyhow::Error::from(error));
                outcome = Outcome::Unhealthy;
            }
        }
    }
    Ok(outcome)
}

fn add(place: &Place, addition: &Addition, consent: Consent) -> Result<Outcome, Failure> {
    let mut confirm = |question: &Question| match consent {
        Consent::Given => true,
        Consent::Asked => ask(question),
    };
    let limits = Limits::default();
    let model = catalogue::add(&place.models, addition, &limits, place.runtime.as_ref(), &mut confirm)?;
    println!("{} is installed in {}", model.manifest.id, model.dir.display());
    Ok(Outcome::Clean)
}

/// A question that nobody can answer is answered no.
fn ask(question: &Question) -> bool {
    eprintln!(
        "{} from {}\n  {} bytes, licence {}\n  SHA-256 {}\nThe product does not know this hash. Compare it with what the makers publish.",
        question.id, question.origin, question.size_bytes, question.licence, question.sha256
    );
    if !std::io::stdin().is_terminal() {
        eprintln!("not installed: nobody is there to confirm; give --yes after comparing");
        return false;
    }
    eprint!("Install it? [y/N] ");
    let mut answer = String::new();
    std::io::stderr().flush().is_ok()
        && std::io::stdin().lock().read_line(&mut answer).is_ok()
        && matches!(answer.trim(), "y" | "Y" | "yes")
}
