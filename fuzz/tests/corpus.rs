//! Every input of the corpus, and thousands of changes of it, through every target: what `make fuzz` once found stays
//! found, and a new panic near a real input is seen without an instrumented build.

use std::{fs, path::Path};

use anyhow::Context as _;
use rand::{RngExt as _, SeedableRng as _, rngs::SmallRng};
use sharpeyes::mp4::{Scanner, fragment_tables};
use sharpeyes_fuzz::Target;

/// The seed is fixed, so that a failure is had again by running it again.
const fn n_changed(target: Target) -> usize {
    match target {
        // Each goes through a database.
        Target::Index => 1_000,
        _ => 40_000,
    }
}

fn corpus(target: Target) -> anyhow::Result<Vec<Vec<u8>>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target.name());
    let mut paths: Vec<_> = fs::read_dir(&folder)
        .with_context(|| folder.display().to_string())?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()?;
    paths.sort();
    paths.iter().map(|path| Ok(fs::read(path)?)).collect()
}

/// A few bytes flipped, set, cut out, doubled or moved from another input.
fn change(rng: &mut SmallRng, input: &[u8], other: &[u8]) -> Vec<u8> {
    let mut bytes = input.to_vec();
    for _ in 0..rng.random_range(1..6) {
        if bytes.is_empty() {
            bytes.push(0);
        }
        let at = rng.random_range(0..bytes.len());
        let length = rng.random_range(0..=(bytes.len() - at).min(32));
        match rng.random_range(0..6) {
            0 => bytes[at] ^= 1 << rng.random_range(0..8),
            1 => bytes[at] = [0, 1, 0x7f, 0x80, 0xff][rng.random_range(0..5)],
            2 => drop(bytes.drain(at..at + length)),
            3 => {
                let copy = bytes[at..at + length].to_vec();
                bytes.splice(at..at, copy);
            }
            4 => bytes.truncate(at),
            _ => {
                let from = rng.random_range(0..=other.len());
                let to = (from + length).min(other.len());
                bytes.splice(at..at + length, other[from..to].iter().copied());
            }
        }
    }
    bytes
}

#[test]
fn nothing_panics_on_the_corpus_or_near_it() -> anyhow::Result<()> {
    for target in Target::ALL {
        let corpus = corpus(target)?;
        assert!(!corpus.is_empty(), "{target:?} has seeds");
        for input in &corpus {
            target.run(input);
        }
        let mut rng = SmallRng::seed_from_u64(1);
        for n in 0..n_changed(target) {
            let input = &corpus[n % corpus.len()];
            let other = &corpus[rng.random_range(0..corpus.len())];
            target.run(&change(&mut rng, input, other));
        }
        eprintln!("{}: {} inputs, {} changed ones", target.name(), corpus.len(), n_changed(target));
    }
    Ok(())
}

#[test]
fn files_and_heads_with_sound_are_among_the_inputs() -> anyhow::Result<()> {
    let has_sound = |file: &Vec<u8>| {
        Scanner::open(&file[..]).is_ok_and(|mut scanner| {
            scanner.audio().is_some() && matches!(scanner.next_fragment(), Ok(Some(_)))
        })
    };
    assert!(corpus(Target::File)?.iter().any(has_sound));
    let has_pieces = |head: &Vec<u8>| fragment_tables(head).is_ok_and(|tables| tables.audio.bytes() > 0);
    assert!(corpus(Target::Head)?.iter().any(has_pieces));
    Ok(())
}
