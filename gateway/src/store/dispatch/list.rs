//! Pages of the queue and of its past: which rows, in which order, through which index.
//!
//! The ids of a page are found in an index that covers the question, and only then are its rows read. Which index is
//! said here and not left to the planner, which knows nothing of how many rows there are: a queue has up to some
//! 100,000 open incidents, and its past ten times as many.

use std::{collections::BTreeSet, fmt, str::FromStr};

use rusqlite::{Connection, Statement};
use sharpeyes_domain::{
    centre::Source,
    ids::{AccountId, AreaId, ClassId, IncidentId, UnitId},
    incident::IncidentState,
    level::Level,
    time::WallTime,
};

use super::{ChangeSeq, Dispatch, IncidentRow, query::latest_seq, revisits, rows, search};
use crate::store::db::DbError;

/// More rows are never given at once.
pub(super) const MOST_ROWS: u32 = 1_000;
/// In rows: nothing must have happened by any time. Sorts after all that has a deadline; exact in JSON too.
pub(super) const NO_DEADLINE: i64 = (1 << 53) - 1;
/// A unit with more incidents is found through the queue, one with fewer through its own index.
const FEW: i64 = 2_000;
/// So few areas are looked up one by one.
const FEW_AREAS: usize = 16;
/// What a count reads of a search: the newest of what was found, no older than the oldest open incident.
const FOUND: &str = "(SELECT rowid AS id FROM incident_text WHERE incident_text MATCH :text
         AND rowid >= (SELECT min(id) FROM incident INDEXED BY incident_past WHERE is_open = 1)
         ORDER BY rowid DESC LIMIT 20000) found CROSS JOIN incident i ON i.id = found.id WHERE 1";

/// Which incidents by their state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Which {
    /// Those that still need someone: the most urgent first, then the nearest deadline, then the oldest.
    #[default]
    Open,
    /// Those that are over: the newest first.
    Over,
    /// All: the newest first.
    All,
    /// Those that wait for their revisit, the nearest deadline first; before them answers of people who are not content,
    /// as long as nobody has decided on what follows.
    Revisit,
}

/// Which incidents are listed. What is empty or `None` excludes nothing, but for areas.
#[derive(Clone, Debug, Default)]
pub struct IncidentFilter {
    /// Only in these areas; an empty set lists nothing. `None`: anywhere.
    pub areas: Option<BTreeSet<AreaId>>,
    /// By state.
    pub which: Which,
    /// At most so many, and never more than 1,000.
    pub limit: u32,
    /// Only with a smaller id: the next page of what is listed newest first.
    pub before: Option<IncidentId>,
    /// Only what comes after: the next page.
    pub after: Option<ListCursor>,
    /// Of these levels.
    pub levels: Vec<Level>,
    /// In these states.
    pub states: Vec<IncidentState>,
    /// Of these classes.
    pub classes: Vec<ClassId>,
    /// From these sources.
    pub sources: Vec<Source>,
    /// That this unit has a part in.
    pub unit: Option<UnitId>,
    /// That this person answers for.
    pub owner: Option<AccountId>,
    /// Whose deadline has passed by then.
    pub overdue_at: Option<WallTime>,
    /// With these words in number, title, place or notes; the newest first.
    pub text: Option<String>,
}

/// Where a page ended. Opaque to clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListCursor {
    /// In the order of the queue.
    Queue {
        /// 1 to 4.
        level: u8,
        /// Milliseconds.
        deadline_ms: i64,
        /// The last one.
        id: i64,
    },
    /// Newest first.
    Past {
        /// The last one.
        id: i64,
    },
    /// In the order of revisits.
    Revisit {
        /// 1: it waits to be asked; 0: people were asked, and are not content.
        waits: u8,
        /// Milliseconds.
        deadline_ms: i64,
        /// The last one.
        id: i64,
    },
}

impl fmt::Display for ListCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Queue { level, deadline_ms, id } => write!(f, "q{level}.{deadline_ms}.{id}"),
            Self::Past { id } => write!(f, "p{id}"),
            Self::Revisit { waits, deadline_ms, id } => write!(f, "r{waits}.{deadline_ms}.{id}"),
        }
    }
}

/// A text is no cursor of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is no cursor of a list")]
pub struct BadCursor;

impl FromStr for ListCursor {
    type Err = BadCursor;

    fn from_str(text: &str) -> Result<Self, BadCursor> {
        let number = |text: &str| text.parse().map_err(|_| BadCursor);
        if let Some(id) = text.strip_prefix('p') {
            return Ok(Self::Past { id: number(id)? });
        }
        let Some((order, rest)) = text.split_at_checked(1) else { return Err(BadCursor) };
        let [first, deadline, id] = rest.split('.').collect::<Vec<_>>()[..] else { return Err(BadCursor) };
        let first = first.parse().map_err(|_| BadCursor)?;
        let (deadline_ms, id) = (number(deadline)?, number(id)?);
        match order {
            "q" => Ok(Self::Queue { level: first, deadline_ms, id }),
            "r" => Ok(Self::Revisit { waits: first, deadline_ms, id }),
            _ => Err(BadCursor),
        }
    }
}

/// A list and the position in the feed that it is true at: follow with [`Dispatch::changes_since`].
#[derive(Clone, Debug)]
pub struct IncidentList {
    /// Everything up to here is in the list.
    pub as_of: ChangeSeq,
    /// In the order that [`Which`] says.
    pub incidents: Vec<IncidentRow>,
    /// Where the next page begins; `None`: there is none.
    pub next: Option<ListCursor>,
}

impl Dispatch {
    /// # Errors
    /// [`DbError`] when the database cannot be read.
    pub async fn list(&self, filter: IncidentFilter) -> Result<IncidentList, DbError> {
        self.read(move |c| list(c, &filter)).await
    }

    /// How many open incidents the filter lets through, whatever its page; with a text, of the newest 20,000 in which
    /// it stands.
    ///
    /// # Errors
    /// [`DbError`] when the database cannot be read.
    pub async fn count(&self, filter: IncidentFilter, now: WallTime) -> Result<QueueCounts, DbError> {
        let filter = IncidentFilter { which: Which::Open, before: None, after: None, ..filter };
        self.read(move |c| count(c, &filter, now)).await
    }
}

/// How many open incidents there are, however many of them a list gives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct QueueCounts {
    /// All.
    pub all: u64,
    /// Those that nobody has.
    pub new: u64,
    /// … that are red.
    pub red: u64,
    /// Those whose deadline has passed.
    pub late: u64,
}

fn list(c: &Connection, filter: &IncidentFilter) -> rusqlite::Result<IncidentList> {
    // One snapshot for all statements.
    let c = c.unchecked_transaction()?;
    let as_of = latest_seq(&c)?;
    let page = page(&c, filter)?;
    let is_full = page.len() == usize::try_from(filter.limit.min(MOST_ROWS)).unwrap_or(usize::MAX);
    let next = page.last().copied().filter(|_| is_full);
    let mut statement = c.prepare_cached(&format!("{} WHERE i.id = ?1", rows::SELECT_INCIDENT))?;
    let incidents = page
        .iter()
        .map(|at| statement.query_row([at.id()], rows::incident_row))
        .collect::<rusqlite::Result<_>>()?;
    Ok(IncidentList { as_of, incidents, next })
}

impl ListCursor {
    const fn id(&self) -> i64 {
        match self {
            Self::Queue { id, .. } | Self::Past { id } | Self::Revisit { id, .. } => *id,
        }
    }
}

/// How the ids are found: what is read, in which order, and the condition that its index serves.
struct Way {
    from: String,
    order: Order,
}

/// The order of a list.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Order {
    Queue,
    Newest,
    Revisits,
}

impl Order {
    /// What cursors of it are made of: two numbers before the id.
    const fn columns(self) -> &'static str {
        match self {
            Self::Queue => "i.level, i.deadline_ms, i.id",
            // Past pages need no more than their ids, which an index then covers.
            Self::Newest => "0, 0, i.id",
            Self::Revisits => "i.state = 'closed', i.deadline_ms, i.id",
        }
    }

    const fn by(self) -> &'static str {
        match self {
            Self::Queue => "i.level, i.deadline_ms, i.id",
            Self::Newest => "i.id DESC",
            Self::Revisits => "i.deadline_ms, i.id",
        }
    }

    /// The parts of the list, one after the other: an index is sought in one of them at a time. `first` is of the cursor
    /// that the list goes on after.
    const fn parts(self, first: u8) -> &'static [&'static str] {
        match (self, first) {
            (Self::Queue | Self::Newest, _) => &[""],
            (Self::Revisits, 0) => &[
                " AND i.state = 'revisited' AND (i.deadline_ms, i.id) > (:deadline, :after)",
                " AND i.state = 'closed'",
            ],
            (Self::Revisits, _) => {
                &[" AND i.state = 'closed' AND (i.deadline_ms, i.id) > (:deadline, :after)"]
            }
        }
    }

    const fn cursor(self, first: u8, deadline_ms: i64, id: i64) -> ListCursor {
        match self {
            Self::Queue => ListCursor::Queue { level: first, deadline_ms, id },
            Self::Newest => ListCursor::Past { id },
            Self::Revisits => ListCursor::Revisit { waits: first, deadline_ms, id },
        }
    }
}

const IS_PART: &str = "(u.ended_ms IS NULL OR u.end_cause = 'reopened')";

fn way(c: &Connection, filter: &IncidentFilter) -> rusqlite::Result<Way> {
    if filter.text.is_some() {
        let from = "incident_text CROSS JOIN incident i ON i.id = incident_text.rowid
             WHERE incident_text MATCH :text AND incident_text.rowid < :before";
        return Ok(Way { from: from.to_owned(), order: Order::Newest });
    }
    let order = match filter.which {
        Which::Open => Order::Queue,
        Which::Over | Which::All => Order::Newest,
        Which::Revisit => Order::Revisits,
    };
    // Nobody has so many that anything else were shorter.
    if filter.owner.is_some() && filter.which == Which::Open {
        return Ok(Way { from: "incident i INDEXED BY incident_owner WHERE 1".to_owned(), order });
    }
    let is_small = match &filter.unit {
        Some(unit) => {
            let sql = "SELECT count(*) FROM (SELECT 1 FROM assignment WHERE unit = ?1 LIMIT ?2)";
            c.prepare_cached(sql)?.query_row((unit.as_str(), FEW), |row| row.get::<_, i64>(0))? < FEW
        }
        None => false,
    };
    if is_small {
        let from = format!(
            "(SELECT DISTINCT incident FROM assignment u WHERE unit = :unit AND {IS_PART}) own
             CROSS JOIN incident i ON i.id = own.incident WHERE 1"
        );
        return Ok(Way { from, order });
    }
    let few_areas = filter.areas.as_ref().is_some_and(|areas| areas.len() <= FEW_AREAS);
    let index = match (filter.which, few_areas) {
        (Which::Revisit, _) => "incident_revisit",
        (_, true) => "incident_area",
        (Which::Open, false) => "incident_queue",
        (Which::Over, false) => match (filter.classes.len(), filter.sources.len(), filter.states.len()) {
            (1, _, _) => "incident_class",
            (_, _, 1) => "incident_state",
            (_, 1, _) => "incident_source",
            _ => "incident_past",
        },
        (Which::All, false) => return Ok(Way { from: "incident i NOT INDEXED WHERE 1".to_owned(), order }),
    };
    Ok(Way { from: format!("incident i INDEXED BY {index} WHERE 1"), order })
}

/// A question in SQL, from FROM on and without its order.
struct Question {
    way: Way,
    conditions: String,
    text: Option<String>,
    before: i64,
    after: (u8, i64, i64),
}

impl Question {
    /// `None`: nothing can be found.
    fn of(c: &Connection, filter: &IncidentFilter) -> rusqlite::Result<Option<Self>> {
        let text = match filter.text.as_deref().map(search::query) {
            Some(Some(text)) => Some(text),
            // There is nothing in it that could be found.
            Some(None) => return Ok(None),
            None => None,
        };
        let way = way(c, filter)?;
        let mut sql = String::new();
        match filter.which {
            Which::Open => sql.push_str(" AND i.is_open = 1"),
            Which::Over => sql.push_str(" AND i.is_open = 0"),
            Which::All => {}
            Which::Revisit => {
                sql.push_str(" AND (");
                sql.push_str(revisits::WAITS);
                sql.push(')');
            }
        }
        let mut before = filter.before.map_or(i64::MAX, |id| id.0);
        let mut after = (0, i64::MIN, i64::MIN);
        match filter.after {
            Some(ListCursor::Queue { level, deadline_ms, id }) if way.order == Order::Queue => {
                after = (level, deadline_ms, id);
                sql.push_str(" AND (i.level, i.deadline_ms, i.id) > (:level, :deadline, :after)");
            }
            Some(ListCursor::Revisit { waits, deadline_ms, id }) if way.order == Order::Revisits => {
                after = (waits, deadline_ms, id);
            }
            Some(ListCursor::Past { id }) if way.order == Order::Newest => before = before.min(id),
            // A cursor of another list: from the beginning.
            Some(_) | None => {}
        }
        if before != i64::MAX && text.is_none() {
            sql.push_str(" AND i.id < :before");
        }
        // One word is an equation, so that its index gives the order too.
        let mut among = |is_asked: bool, condition: &str| {
            if is_asked {
                sql.push_str(" AND ");
                sql.push_str(condition);
            }
        };
        among(filter.areas.is_some(), "i.area IN (SELECT value FROM json_each(:areas))");
        among(filter.levels.len() == 1, "i.level = :levels ->> 0");
        among(filter.levels.len() > 1, "i.level IN (SELECT value FROM json_each(:levels))");
        among(filter.states.len() == 1, "i.state = :states ->> 0");
        among(filter.states.len() > 1, "i.state IN (SELECT value FROM json_each(:states))");
        among(filter.classes.len() == 1, "i.class = :classes ->> 0");
        among(filter.classes.len() > 1, "i.class IN (SELECT value FROM json_each(:classes))");
        among(filter.sources.len() == 1, "i.source = :sources ->> 0");
        among(filter.sources.len() > 1, "i.source IN (SELECT value FROM json_each(:sources))");
        among(filter.owner.is_some(), "i.owner = :owner");
        among(filter.overdue_at.is_some(), "i.deadline_ms <= :overdue");
        let has_part = format!(
            "EXISTS (SELECT 1 FROM assignment u WHERE u.incident = i.id AND u.unit = :unit AND {IS_PART})"
        );
        among(filter.unit.is_some(), &has_part);
        Ok(Some(Self { way, conditions: sql, text, before, after }))
    }

    /// Binds what the statement names, and nothing else.
    fn bind(&self, statement: &mut Statement<'_>, filter: &IncidentFilter) -> rusqlite::Result<()> {
        let mut bind = |name: &str, value: &dyn rusqlite::ToSql| -> rusqlite::Result<()> {
            match statement.parameter_index(name)? {
                Some(i) => statement.raw_bind_parameter(i, value),
                None => Ok(()),
            }
        };
        bind(":text", &self.text)?;
        bind(":before", &self.before)?;
        bind(":level", &self.after.0)?;
        bind(":deadline", &self.after.1)?;
        bind(":after", &self.after.2)?;
        bind(":areas", &list_of(filter.areas.iter().flatten().map(AreaId::as_str)))?;
        bind(
            ":levels",
            &serde_json::Value::from_iter(filter.levels.iter().map(|level| level.number())).to_string(),
        )?;
        bind(":states", &list_of(filter.states.iter().map(|state| state.as_str())))?;
        bind(":classes", &list_of(filter.classes.iter().map(ClassId::as_str)))?;
        bind(":sources", &list_of(filter.sources.iter().map(|source| source.as_str())))?;
        bind(":unit", &filter.unit.as_ref().map(UnitId::as_str))?;
        bind(":owner", &filter.owner.map(|owner| owner.0))?;
        bind(":overdue", &filter.overdue_at.map(|at| at.0))
    }
}

fn page(c: &Connection, filter: &IncidentFilter) -> rusqlite::Result<Vec<ListCursor>> {
    let Some(question) = Question::of(c, filter)? else { return Ok(Vec::new()) };
    let Way { from, order } = &question.way;
    // What a search finds is found by its row.
    let by = if question.text.is_some() { "incident_text.rowid DESC" } else { order.by() };
    let (columns, conditions) = (order.columns(), &question.conditions);
    let limit = i64::from(filter.limit.min(MOST_ROWS));
    let mut page = Vec::new();
    for part in order.parts(question.after.0) {
        let rest = limit.saturating_sub(i64::try_from(page.len()).unwrap_or(i64::MAX));
        if rest <= 0 {
            break;
        }
        let sql = format!("SELECT {columns} FROM {from}{conditions}{part} ORDER BY {by} LIMIT :limit");
        let mut statement = c.prepare_cached(&sql)?;
        question.bind(&mut statement, filter)?;
        if let Some(i) = statement.parameter_index(":limit")? {
            statement.raw_bind_parameter(i, rest)?;
        }
        let mut found = statement.raw_query();
        while let Some(row) = found.next()? {
            let (first, deadline_ms, id) = (row.get(0)?, row.get(1)?, row.get(2)?);
            page.push(order.cursor(first, deadline_ms, id));
        }
    }
    Ok(page)
}

fn count(c: &Connection, filter: &IncidentFilter, now: WallTime) -> rusqlite::Result<QueueCounts> {
    let Some(question) = Question::of(c, filter)? else { return Ok(QueueCounts::default()) };
    // Nothing of an order is asked: the index that covers all of it is the shortest way, also to a few areas.
    let from = match question.text {
        Some(_) => FOUND.to_owned(),
        None => question.way.from.replace("INDEXED BY incident_area", "INDEXED BY incident_queue"),
    };
    let sql = format!(
        "SELECT count(*), coalesce(sum(i.state = 'new'), 0),
             coalesce(sum(i.state = 'new' AND i.level = 1), 0), coalesce(sum(i.deadline_ms <= :now), 0)
         FROM {from}{}",
        question.conditions
    );
    let mut statement = c.prepare_cached(&sql)?;
    question.bind(&mut statement, filter)?;
    if let Some(i) = statement.parameter_index(":now")? {
        statement.raw_bind_parameter(i, now.0)?;
    }
    let mut found = statement.raw_query();
    let Some(row) = found.next()? else { return Ok(QueueCounts::default()) };
    let n = |i: usize| -> rusqlite::Result<u64> { row.get::<_, i64>(i).map(i64::unsigned_abs) };
    Ok(QueueCounts { all: n(0)?, new: n(1)?, red: n(2)?, late: n(3)? })
}

fn list_of<'a>(words: impl Iterator<Item = &'a str>) -> String {
    serde_json::Value::from_iter(words).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_come_back_as_what_they_were_and_nothing_else_does() {
        for cursor in [
            ListCursor::Queue { level: 2, deadline_ms: -5, id: 7 },
            ListCursor::Past { id: 930_000 },
            ListCursor::Revisit { waits: 1, deadline_ms: 1_700_000_000_000, id: 9 },
        ] {
            assert_eq!(cursor.to_string().parse(), Ok(cursor));
        }
        for text in ["", "x1", "q1.2", "q1.2.3.4", "p", "p1;--", "q999.1.1", "x1.2.3", "回1.2.3"] {
            assert_eq!(text.parse::<ListCursor>(), Err(BadCursor), "{text}");
        }
    }
}
