//! A bulletin as headings, facts and tables in one language, whatever file they go into.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use jiff::{Timestamp, tz::TimeZone};

use super::{
    document::{
        Bulletin, BulletinKind, Coverage, Flash, Heat, Named, NamedRow, Share, Spread, Statistics, Tally,
        UnitTally,
    },
    words::{self, Lang},
};

mod lists;

/// Rows of a printed table: what is longer is in the files that are counted on.
const MOST_PRINTED: usize = 60;

/// How much is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Extent {
    /// What fits on paper.
    Printed,
    /// All.
    All,
}

/// One piece after the other.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Block {
    /// The name of the whole.
    Title(String),
    /// The name of a part.
    Heading(String),
    /// Sentences.
    Paragraph(String),
    /// Names and values.
    Facts(Vec<(String, String)>),
    /// Rows and columns.
    Table(Table),
    /// A JPEG.
    Picture(Vec<u8>),
}

/// Rows under named columns.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Table {
    /// What it is about, in at most 20 characters: a sheet's name.
    pub(super) name: String,
    /// One per cell of a row.
    pub(super) columns: Vec<Column>,
    /// Invariant: each as long as `columns`.
    pub(super) rows: Vec<Vec<Cell>>,
}

/// A column.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Column {
    /// Its name.
    pub(super) title: String,
    /// What is in it.
    pub(super) holds: Holds,
}

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Holds {
    /// Words.
    Text,
    /// Whole numbers.
    Number,
    /// A numerator and a denominator.
    Share,
}

/// A cell.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Cell {
    /// Words.
    Text(String),
    /// A whole number.
    Number(u64),
    /// So many of so many.
    Share(Share),
}

impl Cell {
    /// As it is read.
    pub(super) fn text(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Number(n) => n.to_string(),
            Self::Share(share) => share_text(*share),
        }
    }
}

/// `12/15 (80.0%)`; without anything that could be asked about, a dash.
pub(super) fn share_text(share: Share) -> String {
    percent(share).map_or_else(|| "—".to_owned(), |percent| format!("{}/{} ({percent}%)", share.n, share.of))
}

/// With one decimal, rounded half up; `None` of nothing.
pub(super) fn percent(share: Share) -> Option<String> {
    let tenths = (share.n * 2_000 + share.of).checked_div(share.of * 2)?;
    Some(format!("{}.{}", tenths / 10, tenths % 10))
}

/// Local time to the second.
pub(super) fn time_text(at_ms: i64, zone: &TimeZone) -> String {
    match Timestamp::from_millisecond(at_ms) {
        Ok(at) => at.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M:%S").to_string(),
        Err(_) => "—".to_owned(),
    }
}

fn day_text(at_ms: i64, zone: &TimeZone) -> String {
    time_text(at_ms, zone).chars().take(10).collect()
}

/// `1 h 5 min`, `42 s`.
fn span_text(seconds: Option<u64>, lang: Lang) -> String {
    let Some(seconds) = seconds else { return "—".to_owned() };
    let (h, m, s) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    match (lang, h, m) {
        (Lang::Chinese, 0, 0) => format!("{s} 秒"),
        (Lang::Chinese, 0, _) => format!("{m} 分 {s} 秒"),
        (Lang::Chinese, ..) => format!("{h} 小时 {m} 分"),
        (Lang::English, 0, 0) => format!("{s} s"),
        (Lang::English, 0, _) => format!("{m} min {s} s"),
        (Lang::English, ..) => format!("{h} h {m} min"),
    }
}

/// What a bulletin is called.
pub(super) fn title(bulletin: &Bulletin, lang: Lang, zone: &TimeZone) -> String {
    let kind = lang.of(words::kind(bulletin.kind));
    let gap = lang.of(("", " "));
    let about = match (&bulletin.statistics, &bulletin.flash) {
        (Some(statistics), _) => {
            let first = day_text(statistics.from_ms, zone);
            let last = day_text(statistics.to_ms - 1, zone);
            match bulletin.kind {
                BulletinKind::Monthly => first.chars().take(7).collect(),
                _ if first == last => first,
                _ => format!("{first} – {last}"),
            }
        }
        (None, Some(flash)) => flash.number.clone(),
        (None, None) => String::new(),
    };
    if bulletin.title.is_empty() {
        format!("{}{gap}{kind} {about}", bulletin.site)
    } else {
        format!("{}（{kind} {about}）", bulletin.title)
    }
}

/// All of a bulletin.
pub(super) fn layout(bulletin: &Bulletin, lang: Lang, zone: &TimeZone, extent: Extent) -> Vec<Block> {
    let mut blocks = vec![Block::Title(title(bulletin, lang, zone))];
    let page = Page { lang, zone, extent };
    if let Some(statistics) = &bulletin.statistics {
        page.statistics(bulletin, statistics, &mut blocks);
    }
    if let Some(flash) = &bulletin.flash {
        page.flash(bulletin, flash, &mut blocks);
    }
    blocks
}

/// The parts of a report.
#[derive(Clone, Copy)]
enum Part {
    Overview,
    Times,
    Kinds,
    Reds,
    Areas,
    Overdue,
    Units,
    Returns,
    Accuracy,
    Faults,
    Heat,
    Days,
}

impl Part {
    const fn name(self) -> Words {
        match self {
            Self::Overview => ("总体情况", "Overview"),
            Self::Times => ("办理时长", "How long it took"),
            Self::Kinds => ("分级、分类、分来源", "By level, class and source"),
            Self::Reds => ("红色事件", "Red incidents"),
            Self::Areas => ("分区域", "By area"),
            Self::Overdue => ("各单位超时情况", "Overdue by unit"),
            Self::Units => ("分单位", "By unit"),
            Self::Returns => ("退回", "Given back"),
            Self::Accuracy => ("告警准确率", "Accuracy of alarms"),
            Self::Faults => ("摄像机故障", "Faults of cameras"),
            Self::Heat => ("时段分布", "When it happens"),
            Self::Days => ("逐日情况", "Day by day"),
        }
    }
}

const NUMERALS: [&str; 12] = ["一", "二", "三", "四", "五", "六", "七", "八", "九", "十", "十一", "十二"];

/// First what the report is read for: of a day what was red, of a week who is late (周调度).
const fn parts(kind: BulletinKind) -> [Part; 12] {
    use Part as P;
    match kind {
        BulletinKind::Daily => [
            P::Overview,
            P::Reds,
            P::Faults,
            P::Times,
            P::Kinds,
            P::Areas,
            P::Units,
            P::Overdue,
            P::Returns,
            P::Accuracy,
            P::Heat,
            P::Days,
        ],
        BulletinKind::Weekly => [
            P::Overview,
            P::Overdue,
            P::Returns,
            P::Reds,
            P::Times,
            P::Kinds,
            P::Areas,
            P::Units,
            P::Accuracy,
            P::Faults,
            P::Heat,
            P::Days,
        ],
        BulletinKind::Monthly | BulletinKind::Special | BulletinKind::Flash => [
            P::Overview,
            P::Times,
            P::Kinds,
            P::Areas,
            P::Units,
            P::Overdue,
            P::Accuracy,
            P::Heat,
            P::Days,
            P::Reds,
            P::Returns,
            P::Faults,
        ],
    }
}

/// How things are said here.
struct Page<'a> {
    lang: Lang,
    zone: &'a TimeZone,
    extent: Extent,
}

type Words = (&'static str, &'static str);

impl Page<'_> {
    fn word(&self, words: Words) -> String {
        self.lang.of(words).to_owned()
    }

    fn time(&self, at_ms: i64) -> String {
        time_text(at_ms, self.zone)
    }

    fn names(&self, named: &[Named]) -> String {
        let names: Vec<&str> = named.iter().map(|one| self.lang.name(one)).collect();
        names.join(self.lang.of(("、", ", ")))
    }

    fn fact(&self, name: Words, value: String) -> (String, String) {
        (self.word(name), value)
    }

    fn statistics(&self, bulletin: &Bulletin, statistics: &Statistics, blocks: &mut Vec<Block>) {
        blocks.push(Block::Facts(self.head(bulletin, statistics)));
        for (i, part) in parts(bulletin.kind).into_iter().enumerate() {
            self.part(i, part, statistics, blocks);
        }
    }

    fn part(&self, i: usize, part: Part, statistics: &Statistics, blocks: &mut Vec<Block>) {
        let name = self.lang.of(part.name());
        blocks.push(Block::Heading(match self.lang {
            Lang::Chinese => format!("{}、{name}", NUMERALS.get(i).copied().unwrap_or_default()),
            Lang::English => format!("{}. {name}", i + 1),
        }));
        match part {
            Part::Overview => blocks.push(Block::Table(self.overview(statistics))),
            Part::Times => blocks.push(Block::Table(self.times(statistics))),
            Part::Kinds => {
                let levels = statistics.levels.iter();
                let levels = levels.map(|row| (self.word(words::level(row.level)), &row.tally, row.before));
                blocks.push(Block::Table(self.tallies(("分级", "Levels"), ("级别", "Level"), levels)));
                let named = |row: &'_ NamedRow| self.lang.name(&row.of).to_owned();
                let classes = statistics.classes.iter().map(|row| (named(row), &row.tally, row.before));
                blocks.push(Block::Table(self.tallies(("分类", "Classes"), ("类别", "Class"), classes)));
                let sources = statistics.sources.iter().map(|row| (named(row), &row.tally, row.before));
                blocks.push(Block::Table(self.tallies(("分来源", "Sources"), ("来源", "Source"), sources)));
            }
            Part::Reds => self.reds(statistics, blocks),
            Part::Areas => self.areas(statistics, blocks),
            Part::Overdue => blocks.push(Block::Table(self.overdue(statistics))),
            Part::Units => blocks.push(Block::Table(self.units(statistics))),
            Part::Returns => self.returns(statistics, blocks),
            Part::Accuracy => {
                blocks.push(Block::Paragraph(self.accuracy_sentence(statistics)));
                blocks.push(Block::Table(self.accuracy(statistics)));
            }
            Part::Faults => self.faults(statistics, blocks),
            Part::Heat => blocks.push(Block::Table(match self.extent {
                Extent::Printed => self.heat_printed(&statistics.heat),
                Extent::All => self.heat_all(&statistics.heat),
            })),
            Part::Days => blocks.push(Block::Table(self.days(statistics))),
        }
    }

    fn heading(&self, words: Words, blocks: &mut Vec<Block>) {
        blocks.push(Block::Heading(self.word(words)));
    }

    fn head(&self, bulletin: &Bulletin, statistics: &Statistics) -> Vec<(String, String)> {
        let to = self.time(statistics.to_ms);
        let range = format!("{} – {to}", self.time(statistics.from_ms));
        let mut facts = vec![
            self.fact(("统计时段", "Period"), range),
            self.fact(("统计范围", "Coverage"), self.coverage(&statistics.coverage)),
            self.fact(("截止时间", "As it stood at"), self.time(statistics.as_of_ms)),
            self.fact(("数据序号", "Last change of the data"), statistics.as_of_seq.to_string()),
        ];
        facts.extend(self.made(bulletin));
        facts
    }

    fn made(&self, bulletin: &Bulletin) -> [(String, String); 2] {
        [
            self.fact(
                ("生成时间", "Made at"),
                format!("{} ({})", self.time(bulletin.made_ms), bulletin.time_zone),
            ),
            self.fact(("生成人", "Made by"), bulletin.made_by.clone()),
        ]
    }

    fn coverage(&self, coverage: &Coverage) -> String {
        let mut parts = vec![self.names(&coverage.areas)];
        for (name, of) in [
            (("类别", "class"), &coverage.class),
            (("来源", "source"), &coverage.source),
            (("单位", "unit"), &coverage.unit),
        ] {
            if let Some(named) = of {
                let gap = self.lang.of(("：", ": "));
                parts.push(format!("{}{gap}{}", self.lang.of(name), self.lang.name(named)));
            }
        }
        parts.join(self.lang.of(("；", "; ")))
    }

    fn overview(&self, statistics: &Statistics) -> Table {
        let total = &statistics.total;
        let share = |words, share| vec![Cell::Text(self.word(words)), Cell::Text(share_text(share))];
        let count = |words, n: u64| vec![Cell::Text(self.word(words)), Cell::Text(n.to_string())];
        let unmerged = total.received - total.merged;
        let mut rows = vec![
            count(("接收事件", "Received"), total.received),
            count(("受理", "Accepted"), total.accepted),
            share(("按时受理率", "Accepted in time"), total.accepted_in_time),
            count(("派遣", "Dispatched to units"), total.dispatched),
            count(("办结", "Settled"), total.settled),
            share(
                ("办结率（不含并案）", "Settled, without merged"),
                Share { n: total.settled, of: unmerged },
            ),
            share(("按时办结率", "Settled in time"), total.settled_in_time),
            count(("未办结", "Open"), total.open),
            count(("其中超时未办结", "Of these overdue"), total.open_overdue),
            share(("超时", "With a clock that ran out"), Share { n: total.overdue, of: total.received }),
            count(("并案", "Merged"), total.merged),
            count(("处置办结", "Closed as handled"), total.handled),
            count(("误报", "Closed as false alarms"), total.false_alarms),
            count(("其他办结", "Closed otherwise"), total.otherwise_closed),
            count(("不予受理", "Rejected"), total.rejected),
            count(("退回（次）", "Returns"), total.returns),
            count(("返工（次）", "Reworks"), total.reworks),
            count(("挂起（次）", "Holds"), total.holds),
            count(("延期（次）", "Extensions"), total.extensions),
            count(("催办（次）", "Urges"), total.urges),
            count(("督办（件）", "Supervision sheets"), total.supervisions),
            count(("重开（次）", "Reopened"), total.reopenings),
            share(("回访率", "Revisited, of those handled"), total.revisited),
            share(("回访联系到", "Reached, of those revisited"), total.reached),
            share(("满意率", "Satisfied, of the answers"), total.satisfied),
            share(
                ("不满意率", "Dissatisfied, of the answers"),
                Share { n: total.dissatisfied, of: total.satisfied.of },
            ),
            count(
                ("人工补录（镜头内未告警）", "Missed: reported by people, on camera"),
                statistics.accuracy.missed,
            ),
        ];
        rows.extend(self.compared(statistics));
        if let Some(flow) = &statistics.flow {
            rows.extend([
                count(("期初在办", "Open before"), flow.open_before),
                count(("期内办结（不论何时接收）", "Settled within, whenever received"), flow.settled),
                count(("期末在办", "Open after"), flow.open_after),
            ]);
        }
        self.table(
            ("总体情况", "Overview"),
            &[(("指标", "Figure"), Holds::Text), (("数值", "Value"), Holds::Text)],
            rows,
        )
    }

    fn times(&self, statistics: &Statistics) -> Table {
        let times = &statistics.times;
        let row = |words, spread: &Spread| {
            vec![
                Cell::Text(self.word(words)),
                Cell::Number(spread.n),
                Cell::Text(span_text(spread.median_s, self.lang)),
                Cell::Text(span_text(spread.p90_s, self.lang)),
            ]
        };
        let mut rows = vec![
            row(("接收 → 受理", "Received → accepted"), &times.accept),
            row(("派遣 → 报到", "Told → signed in"), &times.sign),
            row(("派遣 → 到场", "Told → arrived"), &times.arrive),
            row(("接收 → 办结", "Received → settled"), &times.settle),
        ];
        rows.extend(statistics.red_arrivals.iter().map(|arrival| {
            let minutes = arrival.within_s / 60;
            let name = match self.lang {
                Lang::Chinese => format!("红色事件 {minutes} 分钟内到场"),
                Lang::English => format!("Red: arrived within {minutes} min"),
            };
            let share = Cell::Text(share_text(arrival.share));
            vec![Cell::Text(name), Cell::Number(arrival.share.of), share, Cell::Text("—".to_owned())]
        }));
        let columns = [
            (("环节", "Step"), Holds::Text),
            (("样本数", "n"), Holds::Number),
            (("中位数 / 占比", "Median / share"), Holds::Text),
            (("九成以内", "9 of 10 within"), Holds::Text),
        ];
        self.table(("办理时长", "Times"), &columns, rows)
    }

    fn tallies<'t>(
        &self,
        name: Words,
        first: Words,
        rows: impl Iterator<Item = (String, &'t Tally, Option<u64>)>,
    ) -> Table {
        let rows = rows.map(|(name, tally, before)| {
            let cells = std::iter::once(Cell::Text(name)).chain(tally_cells(tally));
            cells.chain([before.map_or_else(|| Cell::Text("—".to_owned()), Cell::Number)]).collect()
        });
        let before = (("上期接收", "Received before"), Holds::Number);
        let columns: Vec<_> = std::iter::once((first, Holds::Text))
            .chain(TALLY_COLUMNS.iter().copied())
            .chain([before])
            .collect();
        self.table(name, &columns, rows.collect())
    }

    fn areas(&self, statistics: &Statistics, blocks: &mut Vec<Block>) {
        let shown: Vec<_> = match self.extent {
            Extent::Printed => {
                statistics.areas.iter().filter(|row| row.depth <= 1).take(MOST_PRINTED).collect()
            }
            Extent::All => statistics.areas.iter().collect(),
        };
        if shown.len() < statistics.areas.len() {
            blocks.push(Block::Paragraph(match self.lang {
                Lang::Chinese => format!(
                    "列出 {} 个区域，共 {} 个；全部见 XLSX、CSV。",
                    shown.len(),
                    statistics.areas.len()
                ),
                Lang::English => {
                    format!("{} of {} areas; XLSX and CSV have all.", shown.len(), statistics.areas.len())
                }
            }));
        }
        let rows = shown.into_iter().map(|row| {
            let cells = [self.lang.name(&row.of).to_owned(), self.word(words::area_kind(&row.kind))];
            let cells = cells.into_iter().map(Cell::Text);
            cells.chain(tally_cells(&row.tally)).collect()
        });
        let own = [(("区域（含下级）", "Area with all in it"), Holds::Text), (("层级", "Tier"), Holds::Text)];
        let columns: Vec<_> = own.into_iter().chain(TALLY_COLUMNS.iter().copied()).collect();
        blocks.push(Block::Table(self.table(("分区域", "Areas"), &columns, rows.collect())));
    }

    fn units(&self, statistics: &Statistics) -> Table {
        let rows = statistics.units.iter().map(|row| {
            let UnitTally { told, finished, open, open_overdue, returned, withdrawn, reworks, .. } =
                row.tally;
            let share = Cell::Share;
            let mut cells = vec![Cell::Text(self.lang.name(&row.of).to_owned())];
            cells.extend([told, finished, open, open_overdue].map(Cell::Number));
            cells.extend(
                [row.tally.signed_in_time, row.tally.arrived_in_time, row.tally.finished_in_time].map(share),
            );
            cells.extend([returned, withdrawn, reworks].map(Cell::Number));
            cells.push(share(row.tally.satisfied));
            cells
        });
        let mut rows: Vec<_> = rows.collect();
        if self.extent == Extent::Printed {
            rows.truncate(MOST_PRINTED);
        }
        let columns = [
            (("单位", "Unit"), Holds::Text),
            (("派遣", "Told"), Holds::Number),
            (("办结", "Done"), Holds::Number),
            (("在办", "Open"), Holds::Number),
            (("超时在办", "Overdue"), Holds::Number),
            (("按时报到", "Signed in in time"), Holds::Share),
            (("按时到场", "Arrived in time"), Holds::Share),
            (("按时办结", "Done in time"), Holds::Share),
            (("退回", "Returned"), Holds::Number),
            (("撤回", "Withdrawn"), Holds::Number),
            (("返工", "Reworks"), Holds::Number),
            (("满意", "Satisfied"), Holds::Share),
        ];
        self.table(("分单位", "Units"), &columns, rows)
    }

    fn accuracy_sentence(&self, statistics: &Statistics) -> String {
        let all = &statistics.accuracy;
        let share = share_text(all.accuracy);
        match self.lang {
            Lang::Chinese => format!(
                "告警 {} 条：属实 {} 条，误报 {} 条，未判定 {} 条；准确率（属实 ÷ 已判定）{share}。",
                all.alarms, all.confirmed, all.false_alarms, all.undecided
            ),
            Lang::English => format!(
                "{} alarms: {} confirmed, {} false, {} undecided; accuracy (confirmed of decided) {share}.",
                all.alarms, all.confirmed, all.false_alarms, all.undecided
            ),
        }
    }

    fn accuracy(&self, statistics: &Statistics) -> Table {
        let mut shown: Vec<_> = statistics.accuracy.rows.iter().collect();
        if self.extent == Extent::Printed {
            shown.sort_by_key(|row| std::cmp::Reverse(row.alarms));
            shown.truncate(MOST_PRINTED);
        }
        let name_of = |class: &str| {
            let found = statistics.classes.iter().find(|row| row.of.id == class);
            found.map_or_else(|| class.to_owned(), |row| self.lang.name(&row.of).to_owned())
        };
        let rows = shown.into_iter().map(|row| {
            let mut cells: Vec<_> = [
                row.camera_name.clone(),
                row.rule.clone(),
                name_of(&row.class),
                self.word(words::level(row.level)),
            ]
            .map(Cell::Text)
            .into();
            cells.extend([row.alarms, row.confirmed, row.false_alarms, row.undecided].map(Cell::Number));
            cells.push(Cell::Share(row.accuracy));
            cells
        });
        let columns = [
            (("摄像机", "Camera"), Holds::Text),
            (("规则", "Rule"), Holds::Text),
            (("类别", "Class"), Holds::Text),
            (("级别", "Level"), Holds::Text),
            (("告警", "Alarms"), Holds::Number),
            (("属实", "Confirmed"), Holds::Number),
            (("误报", "False"), Holds::Number),
            (("未判定", "Undecided"), Holds::Number),
            (("准确率", "Accuracy"), Holds::Share),
        ];
        self.table(("告警准确率", "Accuracy"), &columns, rows.collect())
    }

    /// Classes by hours, of all that is reported on: an area that is a child of another one is in it.
    fn heat_printed(&self, heat: &Heat) -> Table {
        let mut rows = Vec::new();
        for (class, named) in heat.classes.iter().enumerate() {
            let mut hours = [0_u64; 24];
            let of_class = heat.cells.iter().filter(|cell| usize::try_from(cell.class) == Ok(class));
            for cell in of_class.filter(|cell| heat.tops.contains(&cell.area)) {
                if let Some(hour) = hours.get_mut(usize::from(cell.hour)) {
                    *hour += cell.n;
                }
            }
            let mut cells = vec![Cell::Text(self.lang.name(named).to_owned())];
            let shown = |n: u64| if n == 0 { Cell::Text(String::new()) } else { Cell::Number(n) };
            cells.extend(hours.map(shown));
            rows.push(cells);
        }
        let first = Column { title: self.word(("类别＼时", "Class / hour")), holds: Holds::Text };
        let hours = (0..24).map(|hour| Column { title: hour.to_string(), holds: Holds::Number });
        Table {
            name: self.word(("时段分布", "Hours")),
            columns: std::iter::once(first).chain(hours).collect(),
            rows,
        }
    }

    fn heat_all(&self, heat: &Heat) -> Table {
        let name = |list: &[Named], index: u32| {
            let named = usize::try_from(index).ok().and_then(|i| list.get(i));
            Cell::Text(named.map_or_else(String::new, |named| self.lang.name(named).to_owned()))
        };
        let rows = heat.cells.iter().map(|cell| {
            let (area, class) = (name(&heat.areas, cell.area), name(&heat.classes, cell.class));
            vec![area, class, Cell::Number(cell.hour.into()), Cell::Number(cell.n)]
        });
        let columns = [
            (("区域（含下级）", "Area with all in it"), Holds::Text),
            (("类别", "Class"), Holds::Text),
            (("时", "Hour"), Holds::Number),
            (("事件", "Incidents"), Holds::Number),
        ];
        self.table(("时段分布", "Hours"), &columns, rows.collect())
    }

    fn days(&self, statistics: &Statistics) -> Table {
        let rows = statistics.days.iter().map(|row| {
            let mut cells = vec![Cell::Text(row.day.clone())];
            cells.extend([row.received, row.settled, row.false_alarms, row.overdue].map(Cell::Number));
            cells
        });
        let columns = [
            (("日期", "Day"), Holds::Text),
            (("接收", "Received"), Holds::Number),
            (("其中已办结", "Of these settled"), Holds::Number),
            (("其中误报", "Of these false"), Holds::Number),
            (("其中超时", "Of these overdue"), Holds::Number),
        ];
        self.table(("逐日情况", "Days"), &columns, rows.collect())
    }

    fn table(&self, name: Words, columns: &[(Words, Holds)], rows: Vec<Vec<Cell>>) -> Table {
        let column = |(title, holds): &(Words, Holds)| Column { title: self.word(*title), holds: *holds };
        Table { name: self.word(name), columns: columns.iter().map(column).collect(), rows }
    }

    fn flash(&self, bulletin: &Bulletin, flash: &Flash, blocks: &mut Vec<Block>) {
        let mut facts = Vec::new();
        if flash.edition > 0 {
            let edition = match self.lang {
                Lang::Chinese => format!("第 {} 期", flash.edition),
                Lang::English => flash.edition.to_string(),
            };
            facts.push(self.fact(("期号", "Edition"), edition));
        }
        facts.extend([
            self.fact(("编号", "Number"), flash.number.clone()),
            self.fact(("类别", "Class"), self.lang.name(&flash.class).to_owned()),
            self.fact(("级别", "Level"), self.word(words::level(flash.level))),
            self.fact(("当前状态", "State"), self.word(words::state(&flash.state))),
            self.fact(("来源", "Source"), self.lang.name(&flash.source).to_owned()),
            self.fact(("发生时间", "Began"), self.time(flash.began_ms)),
            self.fact(("接报时间", "Opened"), self.time(flash.opened_ms)),
            self.fact(("区域", "Area"), flash.area_path.join(" / ")),
        ]);
        let place =
            [&flash.location, &flash.camera, &flash.zone].into_iter().flatten().cloned().collect::<Vec<_>>();
        facts.push(self.fact(("地点", "Place"), place.join(self.lang.of(("，", ", ")))));
        if let Some((latitude, longitude)) = flash.latitude.zip(flash.longitude) {
            facts.push(self.fact(("坐标", "Position"), format!("{latitude:.6}, {longitude:.6} (WGS 84)")));
        }
        facts.extend(flash.title.clone().map(|title| self.fact(("事由", "What"), title)));
        facts.extend(flash.description.clone().map(|text| self.fact(("详情", "Details"), text)));
        if flash.alarms > 0 {
            facts.push(self.fact(("告警条数", "Alarms"), flash.alarms.to_string()));
        }
        facts.extend(flash.due_ms.map(|due| self.fact(("办结时限", "Due"), self.time(due))));
        let overdue = if flash.is_overdue { ("是", "yes") } else { ("否", "no") };
        facts.push(self.fact(("是否超时", "Overdue"), self.word(overdue)));
        facts.extend(flash.owner.clone().map(|owner| self.fact(("中心承办人", "In charge"), owner)));
        facts.extend(self.made(bulletin));
        blocks.push(Block::Facts(facts));
        if let Some(jpeg) = flash.picture.as_deref().and_then(|text| STANDARD.decode(text).ok()) {
            self.heading(("现场画面", "Picture"), blocks);
            blocks.push(Block::Picture(jpeg));
            if let Some(sha256) = &flash.picture_sha256 {
                blocks.push(Block::Paragraph(format!("SHA-256 {sha256}")));
            }
        }
        if !flash.units.is_empty() {
            self.heading(("处置单位", "Units"), blocks);
            blocks.push(Block::Table(self.flash_units(flash)));
        }
        self.heading(("办理经过", "What was done"), blocks);
        blocks.push(Block::Table(self.chain(flash)));
    }

    fn flash_units(&self, flash: &Flash) -> Table {
        let at = |at: Option<i64>| Cell::Text(at.map_or_else(|| "—".to_owned(), |at| self.time(at)));
        let rows = flash.units.iter().map(|unit| {
            let part = if unit.is_lead { ("主办", "lead") } else { ("协办", "assist") };
            let name = [unit.name.clone(), self.word(part)].map(Cell::Text);
            let times = [Some(unit.told_ms), unit.signed_ms, unit.arrived_ms, unit.finished_ms].map(at);
            name.into_iter().chain(times).collect()
        });
        let columns = [
            (("单位", "Unit"), Holds::Text),
            (("主协办", "Part"), Holds::Text),
            (("派遣", "Told"), Holds::Text),
            (("报到", "Signed in"), Holds::Text),
            (("到场", "Arrived"), Holds::Text),
            (("处置完毕", "Finished"), Holds::Text),
        ];
        self.table(("处置单位", "Units"), &columns, rows.collect())
    }

    fn chain(&self, flash: &Flash) -> Table {
        let machine = self.word(("系统", "System"));
        let rows = flash.history.iter().map(|step| {
            let cells = [
                self.time(step.at_ms),
                self.word(words::action(&step.action)),
                step.by.clone().unwrap_or_else(|| machine.clone()),
                step.unit.clone().unwrap_or_default(),
                step.note.clone().unwrap_or_default(),
            ];
            cells.map(Cell::Text).into()
        });
        let columns = [
            (("时间", "Time"), Holds::Text),
            (("环节", "Step"), Holds::Text),
            (("经办", "By"), Holds::Text),
            (("单位", "Unit"), Holds::Text),
            (("说明", "Note"), Holds::Text),
        ];
        self.table(("办理经过", "History"), &columns, rows.collect())
    }
}

/// What every table of incidents shows.
const TALLY_COLUMNS: &[(Words, Holds)] = &[
    (("接收", "Received"), Holds::Number),
    (("办结", "Settled"), Holds::Number),
    (("未办结", "Open"), Holds::Number),
    (("超时", "Overdue"), Holds::Number),
    (("按时受理", "Accepted in time"), Holds::Share),
    (("按时办结", "Settled in time"), Holds::Share),
    (("误报", "False"), Holds::Number),
    (("退回", "Returns"), Holds::Number),
    (("返工", "Reworks"), Holds::Number),
    (("挂起", "Holds"), Holds::Number),
    (("催办", "Urges"), Holds::Number),
    (("满意", "Satisfied"), Holds::Share),
    (("不满意", "Dissatisfied"), Holds::Number),
];

/// In the order of [`TALLY_COLUMNS`].
fn tally_cells(tally: &Tally) -> [Cell; 13] {
    [
        Cell::Number(tally.received),
        Cell::Number(tally.settled),
        Cell::Number(tally.open),
        Cell::Number(tally.overdue),
        Cell::Share(tally.accepted_in_time),
        Cell::Share(tally.settled_in_time),
        Cell::Number(tally.false_alarms),
        Cell::Number(tally.returns),
        Cell::Number(tally.reworks),
        Cell::Number(tally.holds),
        Cell::Number(tally.urges + tally.supervisions),
        Cell::Share(tally.satisfied),
        Cell::Number(tally.dissatisfied),
    ]
}
