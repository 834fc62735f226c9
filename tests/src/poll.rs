//! Waiting for what must happen, as short as possible and not for ever.

use std::time::Duration;

use anyhow::{Context as _, bail};

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(50);

/// Looks until `look` has found something.
///
/// # Errors
/// When nothing was found within `limit`, with the last error of `look` if it had one.
pub async fn until<T, F>(what: &str, limit: Duration, mut look: impl FnMut() -> F) -> anyhow::Result<T>
where
    F: Future<Output = anyhow::Result<Option<T>>>,
{
    let mut last = Ok(());
    let found = tokio::time::timeout(limit, async {
        loop {
            match look().await {
                Ok(Some(found)) => return found,
                Ok(None) => last = Ok(()),
                Err(error) => last = Err(error),
            }
            tokio::time::sleep(PAUSE).await;
        }
    })
    .await;
    match (found, last) {
        (Ok(found), _) => Ok(found),
        (Err(_), Ok(())) => bail!("{what}: not within {limit:?}"),
        (Err(_), Err(error)) => Err(error).with_context(|| format!("{what}: not within {limit:?}")),
    }
}
