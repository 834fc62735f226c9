//! `sharpeyes model list|check|bench|add`.

use std::{
    io::{BufRead as _, IsTerminal as _, Write as _},
    path::{Path, PathBuf},
};

use clap::Subcommand;
use sharpeyes_domain::ids::ModelId;
use sharpeyes_inference::{
    ModelFile, Place as ModelPlace, Provider, Runtime,
    catalogue::{self, Addition, Limits, Published, Question, Source},
};

use super::{
    Failure, Outcome, SiteFile,
    bench::{self, Measure},
};

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
    /// What is shipped and installed, and what could be.
    List,
    /// Read, hash and load models; all of them when none is named.
    Check {
        /// Which.
        id: Option<ModelId>,
    },
    /// Measure models on this machine, with every execution provider that the loaded ONNX Runtime has; the built-in and
    /// all installed ones when none is named.
    Bench {
        /// Which.
        ids: Vec<ModelId>,
        #[command(flatten)]
        measure: Measure,
    },
    /// Install a model from where its makers publish it, or from a file.
    Add {
        /// Its name, e.g. `yolox-nano`; may be left out for a file whose hash the product knows.
        #[arg(required_unless_present = "file")]
        id: Option<ModelId>,
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
        Verb::Bench { ids, measure } => bench_of(&place, ids, measure),
        Verb::Add { id, file, manifest, yes } => {
            let id = match (id, file) {
                (Some(id), _) => id.clone(),
                (None, Some(file)) => recognised(file)?,
                // clap has refused it.
                (None, None) => return Err(Failure::Configuration("name a model".into())),
            };
            let source = file.clone().map_or(Source::Release, Source::File);
            let addition = Addition { id, source, manifest: manifest.clone() };
            let consent = if *yes { Consent::Given } else { Consent::Asked };
            add(&place, &addition, consent)
        }
    }
}

fn recognised(file: &Path) -> Result<ModelId, Failure> {
    let known = catalogue::recognise(file)?;
    known.ok_or_else(|| {
        let file = file.display();
        Failure::Configuration(format!(
            "{file}: its hash is not known; name the model: sharpeyes model add NAME --file …"
        ))
    })
}

struct Place {
    models: PathBuf,
    /// Without one, files are hashed but not loaded, and the command says so.
    runtime: Option<Runtime>,
}

impl Place {
    /// What the loaded library can compute with.
    fn providers(&self) -> String {
        let Some(runtime) = &self.runtime else { return String::new() };
        let there = Provider::ALL.iter().filter(|provider| provider.require(runtime).is_ok());
        let there: Vec<&str> = there.map(|provider| provider.as_str()).collect();
        format!(", this ONNX Runtime has {}", there.join(", "))
    }
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
    for entry in catalogue::list(&place.models)? {
        match &entry.model {
            Ok(model) => say!("{:24} {}", entry.id, described(model)),
            Err(error) => say!("{:24} UNUSABLE: {error}", entry.id),
        }
    }
    say!("\nknown by name (sharpeyes model add NAME [--file PATH]):");
    for known in catalogue::known() {
        let how = match known.published {
            Published::Onnx(_) => "",
            Published::Weights(_) => "; to be exported, then --file",
            Published::Nowhere => "; with --file only",
        };
        say!("{:24} {}{how}", known.id, known.title);
    }
    Ok(Outcome::Clean)
}

fn described(model: &ModelFile) -> String {
    let manifest = &model.manifest;
    let origin = match &model.place {
        ModelPlace::Program => "shipped with the product, used where no other is named",
        ModelPlace::Directory(_) => "installed",
    };
    // A file that cannot be read is `model check`'s to tell.
    let precision = model.precision().map_or_else(|_| "unreadable".to_owned(), |found| found.to_string());
    let (family, licence) = (manifest.family, &manifest.licence);
    format!("{family}, {precision} ({licence}), {origin}\n{:24} SHA-256 {}", "", manifest.sha256)
}

fn check(place: &Place, id: Option<&ModelId>) -> Result<Outcome, Failure> {
    let entries = catalogue::list(&place.models)?.into_iter();
    let models: Vec<_> = match id {
        Some(id) => vec![(id.to_string(), catalogue::find(&place.models, id))],
        None => entries.map(|entry| (entry.id, entry.model)).collect(),
    };
    let mut outcome = Outcome::Clean;
    for (id, model) in models {
        match model.and_then(|model| catalogue::check(&model, place.runtime.as_ref())) {
            Ok(()) => say!("{id}: ok{}", place.providers()),
            Err(error) => {
                say!("{id}: {:#}", anyhow::Error::from(error));
                outcome = Outcome::Unhealthy;
            }
        }
    }
    Ok(outcome)
}

fn bench_of(place: &Place, ids: &[ModelId], measure: &Measure) -> Result<Outcome, Failure> {
    let Some(runtime) = &place.runtime else {
        return Err(Failure::Failed(anyhow::anyhow!("without ONNX Runtime nothing can be measured")));
    };
    let models = if ids.is_empty() {
        // What is wrong with one is told by `model check`.
        catalogue::list(&place.models)?.into_iter().filter_map(|entry| entry.model.ok()).collect()
    } else {
        ids.iter().map(|id| catalogue::find(&place.models, id)).collect::<Result<Vec<_>, _>>()?
    };
    bench::bench(models, runtime, measure)
}

fn add(place: &Place, addition: &Addition, consent: Consent) -> Result<Outcome, Failure> {
    let mut confirm = |question: &Question| match consent {
        Consent::Given => true,
        Consent::Asked => ask(question),
    };
    let limits = Limits::default();
    let model = catalogue::add(&place.models, addition, &limits, place.runtime.as_ref(), &mut confirm)?;
    let id = model.manifest.id;
    say!("{id} is installed in {}", place.models.join(id.as_str()).display());
    say!(
        "cameras use it once the site file says so: default_model = \"{id}\" under [inference], or model = \"{id}\""
    );
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
