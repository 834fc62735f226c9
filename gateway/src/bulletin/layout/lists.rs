//! What a report names one by one, and what it is compared with.

use super::{Block, Cell, Extent, Holds, MOST_PRINTED, Page, Table, Words, span_text};
use crate::bulletin::{
    document::{RedRow, Share, Statistics, UnitRow},
    words::{self, Lang},
};

impl Page<'_> {
    /// What came in the time before, and what has grown most since.
    pub(super) fn compared(&self, statistics: &Statistics) -> Vec<Vec<Cell>> {
        let Some(previous) = &statistics.previous else { return Vec::new() };
        let row = |name, value: String| vec![Cell::Text(self.word(name)), Cell::Text(value)];
        let change = change_text(statistics.total.received, previous.received, self.lang);
        let mut rows = vec![
            row(("上期接收", "Received in the time before"), previous.received.to_string()),
            row(("环比", "Change"), change),
        ];
        let growth = |row: &&super::NamedRow| {
            row.before.and_then(|before| row.tally.received.checked_sub(before)).unwrap_or(0)
        };
        let fastest = statistics.classes.iter().max_by_key(growth).filter(|row| growth(row) > 0);
        rows.extend(fastest.map(|class| {
            let before = class.before.unwrap_or(0);
            let (name, now) = (self.lang.name(&class.of), class.tally.received);
            row(("增长最多的类别", "Class that grew most"), format!("{name} {before} → {now}"))
        }));
        rows
    }

    /// Units by the share of what they were told that was late, the worst first.
    pub(super) fn overdue(&self, statistics: &Statistics) -> Table {
        let mut units: Vec<&UnitRow> =
            statistics.units.iter().filter(|row| row.tally.overdue.n > 0).collect();
        units.sort_by(|a, b| {
            let by_share = by_share(b.tally.overdue, a.tally.overdue);
            by_share.then(b.tally.overdue.n.cmp(&a.tally.overdue.n)).then(a.of.id.cmp(&b.of.id))
        });
        let mut rows: Vec<_> = units
            .into_iter()
            .map(|row| {
                let tally = &row.tally;
                let late =
                    |share: Share| Cell::Share(Share { n: share.of - share.n.min(share.of), of: share.of });
                vec![
                    Cell::Text(self.lang.name(&row.of).to_owned()),
                    Cell::Share(tally.overdue),
                    late(tally.signed_in_time),
                    late(tally.arrived_in_time),
                    late(tally.finished_in_time),
                    Cell::Number(tally.open),
                    Cell::Number(tally.open_overdue),
                ]
            })
            .collect();
        if self.extent == Extent::Printed {
            rows.truncate(MOST_PRINTED);
        }
        let columns = [
            (("单位", "Unit"), Holds::Text),
            (("超时 / 派遣", "Overdue of told"), Holds::Share),
            (("报到超时", "Signed in late"), Holds::Share),
            (("到场超时", "Arrived late"), Holds::Share),
            (("办结超时", "Done late"), Holds::Share),
            (("在办", "Open"), Holds::Number),
            (("超时在办", "Open, overdue"), Holds::Number),
        ];
        self.table(("超时单位", "Overdue units"), &columns, rows)
    }

    /// Red incidents, in the order in which they came.
    pub(super) fn reds(&self, statistics: &Statistics, blocks: &mut Vec<Block>) {
        let shown: Vec<&RedRow> = match self.extent {
            Extent::Printed => statistics.reds.iter().take(MOST_PRINTED).collect(),
            Extent::All => statistics.reds.iter().collect(),
        };
        let all = statistics.levels.iter().find(|row| row.level == 1).map_or(0, |row| row.tally.received);
        let n_shown = u64::try_from(shown.len()).unwrap_or(u64::MAX);
        if n_shown < all {
            blocks.push(Block::Paragraph(match self.lang {
                Lang::Chinese => format!("列出 {n_shown} 件，共 {all} 件；全部见台账。"),
                Lang::English => format!("{n_shown} of {all}; the ledger has all."),
            }));
        }
        let text = |text: Option<&String>| Cell::Text(text.cloned().unwrap_or_default());
        let rows = shown.into_iter().map(|row| {
            let place = [Some(&row.area.name), row.place.as_ref()].into_iter().flatten().cloned();
            let place = place.collect::<Vec<_>>().join(" / ");
            let state = match &row.reason {
                Some(reason) => words::reason(reason),
                None => words::state(&row.state),
            };
            let since = |at: Option<i64>| {
                let ms = at.and_then(|at| at.checked_sub(row.opened_ms));
                Cell::Text(span_text(ms.and_then(|ms| u64::try_from(ms / 1_000).ok()), self.lang))
            };
            let late = if row.is_overdue { ("是", "yes") } else { ("否", "no") };
            vec![
                Cell::Text(row.number.clone()),
                Cell::Text(self.time(row.opened_ms)),
                Cell::Text(self.lang.name(&row.class).to_owned()),
                Cell::Text(place),
                text(row.title.as_ref()),
                Cell::Text(self.names(&row.units)),
                since(row.accepted_ms),
                since(row.arrived_ms),
                since(row.settled_ms),
                Cell::Text(self.word(state)),
                Cell::Text(self.word(late)),
            ]
        });
        let columns = [
            (("编号", "Number"), Holds::Text),
            (("接收时间", "Received"), Holds::Text),
            (("类别", "Class"), Holds::Text),
            (("地点", "Place"), Holds::Text),
            (("事由", "What"), Holds::Text),
            (("单位", "Units"), Holds::Text),
            (("受理用时", "Accepted after"), Holds::Text),
            (("到场用时", "Arrived after"), Holds::Text),
            (("办结用时", "Settled after"), Holds::Text),
            (("结果", "Outcome"), Holds::Text),
            (("超时", "Overdue"), Holds::Text),
        ];
        blocks.push(Block::Table(self.table(("红色事件", "Red incidents"), &columns, rows.collect())));
    }

    /// Says so where a list does not have all.
    fn listed_of(&self, list: Words, n_shown: usize, all: u64, blocks: &mut Vec<Block>) {
        let (n_shown, list) = (u64::try_from(n_shown).unwrap_or(u64::MAX), self.word(list));
        if n_shown < all {
            blocks.push(Block::Paragraph(match self.lang {
                Lang::Chinese => format!("{list}：列出 {n_shown} 条，共 {all} 条。"),
                Lang::English => format!("{list}: {n_shown} of {all}."),
            }));
        }
    }

    /// What units gave back, with their reasons.
    pub(super) fn returns(&self, statistics: &Statistics, blocks: &mut Vec<Block>) {
        let rows = statistics.returns.iter().map(|row| {
            let unit = self.lang.name(&row.unit).to_owned();
            let note = row.note.clone().unwrap_or_default();
            [self.time(row.at_ms), row.number.clone(), unit, note].map(Cell::Text).into()
        });
        let mut rows: Vec<_> = rows.collect();
        if self.extent == Extent::Printed {
            rows.truncate(MOST_PRINTED);
        }
        self.listed_of(("退回", "Returns"), rows.len(), statistics.total.returns, blocks);
        let columns = [
            (("时间", "Time"), Holds::Text),
            (("编号", "Number"), Holds::Text),
            (("单位", "Unit"), Holds::Text),
            (("退回原因", "Reason"), Holds::Text),
        ];
        blocks.push(Block::Table(self.table(("退回", "Returns"), &columns, rows)));
    }

    /// Faults of cameras, those that last first.
    pub(super) fn faults(&self, statistics: &Statistics, blocks: &mut Vec<Block>) {
        let mut faults: Vec<_> = statistics.faults.iter().collect();
        faults.sort_by_key(|row| (row.over_ms.is_some(), row.first_ms));
        if self.extent == Extent::Printed {
            faults.truncate(MOST_PRINTED);
        }
        let n_all = statistics.n_faults.unwrap_or(0);
        self.listed_of(("摄像机故障", "Faults"), faults.len(), n_all, blocks);
        let rows = faults.into_iter().map(|row| {
            let lasting = self.word(("未恢复", "not over"));
            let over = row.over_ms.map_or(lasting, |at| self.time(at));
            vec![
                Cell::Text(self.lang.name(&row.camera).to_owned()),
                Cell::Text(self.word(words::fault(&row.kind))),
                Cell::Text(self.time(row.first_ms)),
                Cell::Text(over),
                Cell::Number(row.times.into()),
            ]
        });
        let columns = [
            (("摄像机", "Camera"), Holds::Text),
            (("故障", "Fault"), Holds::Text),
            (("开始", "Began"), Holds::Text),
            (("恢复", "Over"), Holds::Text),
            (("次数", "Times"), Holds::Number),
        ];
        blocks.push(Block::Table(self.table(("摄像机故障", "Faults"), &columns, rows.collect())));
    }
}

/// By the share itself, and not by its rounding.
fn by_share(a: Share, b: Share) -> std::cmp::Ordering {
    (u128::from(a.n) * u128::from(b.of.max(1))).cmp(&(u128::from(b.n) * u128::from(a.of.max(1))))
}

/// `up 3 (25.0%)`; without anything before only the number. In words: what begins with a sign is a formula to spreadsheets.
fn change_text(now: u64, before: u64, lang: Lang) -> String {
    let by = now.abs_diff(before);
    let word = match now.cmp(&before) {
        std::cmp::Ordering::Less => lang.of(("减少", "down")),
        std::cmp::Ordering::Equal => return lang.of(("持平", "the same")).to_owned(),
        std::cmp::Ordering::Greater => lang.of(("增加", "up")),
    };
    match super::percent(Share { n: by, of: before }) {
        Some(percent) => format!("{word} {by} ({percent}%)"),
        None => format!("{word} {by}"),
    }
}
