//! The centre's own data: units, classes of incidents, routing, deadlines, working days, duty and intakes.
//!
//! The site file declares it and `config` builds it; `gateway::desk` goes by it and freezes what an incident needs
//! into the incident, so that a later edit strands none. Nothing here decides what may happen to an incident.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{
    access::Role,
    area::Place,
    closed::closed_enum,
    ids::{AreaId, ClassId, IntakeId, UnitId},
    incident::ClockKind,
    level::Level,
    schedule::Weekday,
};

closed_enum! {
    /// How an incident came to the centre; kept apart in every statistic.
    pub enum Source ("source") {
        /// An alarm of a camera's rule (AI 视频).
        Camera => "camera",
        /// An operator saw it on a screen (人工巡屏).
        Operator => "operator",
        /// A grid worker reported it (网格上报).
        Grid => "grid",
        /// The police call centre passed it on (110 推送).
        Police => "police_110",
        /// The centre's own hotline (热线).
        Hotline => "hotline",
        /// The government hotline (12345).
        Government => "hotline_12345",
        /// Citizens' or workers' app, QR code (APP、二维码).
        App => "app",
        /// Somebody came to the window (来访).
        Visit => "visit",
        /// A higher level handed it down (上级交办).
        Superior => "superior",
        /// A sweep or patrol (排查、巡逻).
        Patrol => "patrol",
    }
}

closed_enum! {
    /// What a unit is.
    pub enum UnitKind ("unit kind") {
        /// A department (部门).
        Department => "department",
        /// A team, such as a patrol (队伍).
        Team => "team",
        /// The workers of grids (网格员).
        Grid => "grid",
    }
}

/// A department or team that incidents are dispatched to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unit {
    /// Unique in the site.
    pub id: UnitId,
    /// As people call it.
    pub name: String,
    /// What it is.
    pub kind: UnitKind,
    /// Where it works; empty: everywhere.
    pub areas: Vec<AreaId>,
    /// Whom to call.
    pub phone: Option<String>,
}

/// How time is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// By the clock on the wall, day and night (自然时间).
    Wall,
    /// Only within working hours (工作时间).
    Working,
}

/// How much time a clock allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Allowance {
    /// How it is counted.
    pub basis: Basis,
    /// How long, in whole seconds; at least one.
    pub seconds: u32,
}

impl Allowance {
    /// Of wall time.
    #[must_use]
    pub const fn wall(seconds: u32) -> Self {
        Self { basis: Basis::Wall, seconds }
    }

    /// Of working time.
    #[must_use]
    pub const fn working(seconds: u32) -> Self {
        Self { basis: Basis::Working, seconds }
    }

    /// As a span.
    #[must_use]
    pub const fn span(self) -> Duration {
        Duration::from_secs(self.seconds as u64)
    }
}

/// One entry of the table of deadlines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deadline {
    /// For incidents of this level.
    pub level: Level,
    /// For this clock.
    pub clock: ClockKind,
    /// So much.
    pub allowance: Allowance,
}

/// One step of an escalation chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EscalationStep {
    /// So long after a clock ran out, or after the step before. The last step comes again and again after its time.
    pub after: Allowance,
    /// Who is told: a post, such as 值班领导. A word for people.
    pub to: String,
    /// Whose consoles and phones it reaches; none: it is told in the history and to other systems only.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reaches: Vec<Post>,
}

/// Whom a step of the chain reaches, found when the step is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Post {
    /// The account that signs in with this name.
    Account(String),
    /// Everybody with this role in the incident's area.
    Role(Role),
    /// The people of this unit who are on duty that day.
    Duty(UnitId),
}

impl Post {
    /// `account:liwei`, `role:operator`, `duty:patrol`; `None` for anything else, and for roles that see no incidents or
    /// whose people belong to units.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (kind, name) = text.split_once(':')?;
        let name = name.trim();
        match kind.trim() {
            "account" if !name.is_empty() => Some(Self::Account(name.to_owned())),
            "role" => {
                name.parse().ok().filter(|role| matches!(role, Role::Operator | Role::Police)).map(Self::Role)
            }
            "duty" => UnitId::new(name).ok().map(Self::Duty),
            _ => None,
        }
    }
}

/// What an incident goes by from its opening on, whatever the site file says later.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// One per level and clock.
    pub deadlines: Vec<Deadline>,
    /// What happens when a clock has run out. Invariant: at least one step.
    pub escalation: Vec<EscalationStep>,
}

impl Plan {
    /// How much time `clock` has at `level`.
    #[must_use]
    pub fn allowance(&self, level: Level, clock: ClockKind) -> Allowance {
        let found = self.deadlines.iter().find(|one| one.level == level && one.clock == clock);
        found.map_or_else(|| usual(level, clock), |one| one.allowance)
    }
}

/// A class of incidents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Class {
    /// Unique in the site; rules' classes are the names of `RuleClass`.
    pub id: ClassId,
    /// In Chinese.
    pub name: String,
    /// In English.
    pub name_en: String,
    /// Of what people report; an alarm brings its own.
    pub level: Level,
    /// Who leads when no route says.
    pub lead: Option<UnitId>,
    /// Who helps.
    pub assist: Vec<UnitId>,
    /// Where it happens; empty: anywhere.
    pub places: Vec<Place>,
    /// Grid workers may report it and be told of it (准入清单).
    pub is_for_grid: bool,
    /// Its code in other systems, by the name of the system.
    pub external: Vec<(String, String)>,
    /// What its incidents go by.
    pub plan: Plan,
}

/// Which unit deals with a class in an area.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// `None`: of every class.
    pub class: Option<ClassId>,
    /// In this area and what lies in it.
    pub area: AreaId,
    /// Who leads.
    pub lead: UnitId,
    /// Who helps.
    pub assist: Vec<UnitId>,
}

/// A day of the calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Date {
    /// Of the Gregorian calendar.
    pub year: i16,
    /// 1 to 12.
    pub month: i8,
    /// 1 to 31.
    pub day: i8,
}

/// When offices work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkCalendar {
    /// From and to, minutes of the day, in order and apart. Invariant: at least one, and none is empty.
    pub hours: Vec<(u16, u16)>,
    /// On these days of the week.
    pub days: Vec<Weekday>,
    /// Not on these days (节假日). Sorted.
    pub closed: Vec<Date>,
    /// On these days nevertheless (调休上班). Sorted.
    pub open: Vec<Date>,
}

impl WorkCalendar {
    /// Seconds of work on a working day.
    #[must_use]
    pub fn day_seconds(&self) -> u32 {
        self.hours.iter().map(|(from, to)| u32::from(to.saturating_sub(*from)) * 60).sum()
    }

    /// Offices work on this day.
    #[must_use]
    pub fn is_working(&self, date: Date, weekday: Weekday) -> bool {
        self.open.binary_search(&date).is_ok()
            || (self.days.contains(&weekday) && self.closed.binary_search(&date).is_err())
    }
}

impl Default for WorkCalendar {
    /// Monday to Friday, 8:30 to 12:00 and 14:30 to 18:00, with China's public holidays.
    fn default() -> Self {
        use Weekday as W;
        Self {
            hours: vec![(510, 720), (870, 1080)],
            days: vec![W::Monday, W::Tuesday, W::Wednesday, W::Thursday, W::Friday],
            closed: CHINA_CLOSED.iter().flat_map(|&(from, n)| days(from, n)).collect(),
            open: CHINA_OPEN.to_vec(),
        }
    }
}

const fn date(year: i16, month: i8, day: i8) -> Date {
    Date { year, month, day }
}

/// So many days from the first one, within a month.
fn days(from: Date, n: i8) -> impl Iterator<Item = Date> {
    (0..n).map(move |i| Date { day: from.day + i, ..from })
}

/// China's public holidays of 2026 (国务院办公厅关于2026年部分节假日安排的通知): first day, number of days.
const CHINA_CLOSED: &[(Date, i8)] = &[
    (date(2026, 1, 1), 3),
    (date(2026, 2, 15), 9),
    (date(2026, 4, 4), 3),
    (date(2026, 5, 1), 5),
    (date(2026, 6, 19), 3),
    (date(2026, 9, 25), 3),
    (date(2026, 10, 1), 7),
];
/// … and the days of rest on which work is made up for.
const CHINA_OPEN: &[Date] = &[
    date(2026, 1, 4),
    date(2026, 2, 14),
    date(2026, 2, 28),
    date(2026, 5, 9),
    date(2026, 9, 20),
    date(2026, 10, 10),
];

closed_enum! {
    /// How a unit is there for the centre.
    pub enum DutyMode ("duty mode") {
        /// 常驻: someone is at the centre every working day.
        Resident => "resident",
        /// 轮驻: on certain days.
        Rotating => "rotating",
        /// 随驻: comes when called.
        OnCall => "on_call",
    }
}

/// Who of a unit is on duty when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Duty {
    /// Which unit.
    pub unit: UnitId,
    /// How.
    pub mode: DutyMode,
    /// On these days of the week; empty: every day.
    pub weekdays: Vec<Weekday>,
    /// And on these days.
    pub dates: Vec<Date>,
    /// Who.
    pub people: Vec<String>,
    /// Whom to call.
    pub phone: Option<String>,
}

impl Duty {
    /// Somebody of the unit is on duty on this day.
    #[must_use]
    pub fn is_on(&self, date: Date, weekday: Weekday) -> bool {
        let is_always = self.weekdays.is_empty() && self.dates.is_empty();
        is_always || self.weekdays.contains(&weekday) || self.dates.contains(&date)
    }
}

/// Another system that reports incidents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Intake {
    /// In its address.
    pub id: IntakeId,
    /// For people.
    pub name: String,
    /// What its reports count as.
    pub source: Source,
    /// Where its reports lie when they do not say.
    pub area: AreaId,
}

/// All of it. Invariant: every unit, class and area that is referred to exists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Centre {
    /// In the order of the site file.
    pub units: Vec<Unit>,
    /// The built-in ones, changed and added to by the site file.
    pub classes: Vec<Class>,
    /// The most special first is not needed: the nearest area wins, and a named class before none.
    pub routes: Vec<Route>,
    /// When offices work.
    pub calendar: WorkCalendar,
    /// Who is on duty when.
    pub roster: Vec<Duty>,
    /// Who else reports.
    pub intakes: Vec<Intake>,
}

impl Centre {
    /// The class of this id.
    #[must_use]
    pub fn class(&self, id: &ClassId) -> Option<&Class> {
        self.classes.iter().find(|class| class.id == *id)
    }

    /// The unit of this id.
    #[must_use]
    pub fn unit(&self, id: &UnitId) -> Option<&Unit> {
        self.units.iter().find(|unit| unit.id == *id)
    }

    /// What incidents of this class go by; the usual for an unknown one.
    #[must_use]
    pub fn plan(&self, class: &ClassId) -> Plan {
        self.class(class).map_or_else(Plan::default, |class| class.plan.clone())
    }

    /// Who should deal with `class` in an area: `lineage` is the area itself, its parent, and so on.
    #[must_use]
    pub fn route<'a>(
        &self,
        class: &ClassId,
        lineage: impl Iterator<Item = &'a AreaId>,
    ) -> Option<(UnitId, Vec<UnitId>)> {
        for area in lineage {
            let here = |route: &&Route| route.area == *area;
            let named = self.routes.iter().filter(here).find(|route| route.class.as_ref() == Some(class));
            let found = named.or_else(|| self.routes.iter().filter(here).find(|route| route.class.is_none()));
            if let Some(route) = found {
                return Some((route.lead.clone(), route.assist.clone()));
            }
        }
        let class = self.class(class)?;
        Some((class.lead.clone()?, class.assist.clone()))
    }
}

impl Default for Centre {
    /// The built-in classes, no units.
    fn default() -> Self {
        Self {
            units: Vec::new(),
            classes: CLASSES.iter().filter_map(BuiltIn::class).collect(),
            routes: Vec::new(),
            calendar: WorkCalendar::default(),
            roster: Vec::new(),
            intakes: Vec::new(),
        }
    }
}

/// A class that every site has.
struct BuiltIn {
    id: &'static str,
    name: &'static str,
    name_en: &'static str,
    level: Level,
    places: &'static [Place],
    /// GB/T 28181 `AlarmMethod/AlarmType`, empty for none.
    gb28181: &'static str,
}

impl BuiltIn {
    fn class(&self) -> Option<Class> {
        let external = (!self.gb28181.is_empty()).then(|| ("gb28181".to_owned(), self.gb28181.to_owned()));
        Some(Class {
            id: ClassId::new(self.id).ok()?,
            name: self.name.to_owned(),
            name_en: self.name_en.to_owned(),
            level: self.level,
            lead: None,
            assist: Vec::new(),
            places: self.places.to_vec(),
            is_for_grid: true,
            external: external.into_iter().collect(),
            plan: Plan::default(),
        })
    }
}

const fn class(
    id: &'static str,
    name: &'static str,
    name_en: &'static str,
    level: Level,
    places: &'static [Place],
    gb28181: &'static str,
) -> BuiltIn {
    BuiltIn { id, name, name_en, level, places, gb28181 }
}

/// What rules watch for, by the names of their classes, and what people report besides.
const CLASSES: &[BuiltIn] = &[
    class("crowding", "人员聚集", "Crowding", Level::Yellow, &[Place::Crowded], "5/10"),
    class("crowd_surge", "人群激增", "Crowd surge", Level::Orange, &[Place::Crowded], "5/10"),
    class("intrusion", "区域闯入", "Intrusion", Level::Yellow, &[], "5/6"),
    class("water_edge", "临水徘徊", "At the water's edge", Level::Orange, &[Place::Reservoir], "5/6"),
    class("line_crossing", "越线", "Line crossing", Level::Yellow, &[], "5/5"),
    class("wrong_way", "逆行", "Wrong way", Level::Yellow, &[Place::Junction], "5/7"),
    class("loitering", "徘徊", "Loitering", Level::Blue, &[], "5/8"),
    class("stopped_vehicle", "异常停车", "Stopped vehicle", Level::Yellow, &[Place::Junction], "5/11"),
    class("accident", "交通事故", "Traffic accident", Level::Red, &[Place::Junction], "5/11"),
    class("person_down", "人员倒地", "Person down", Level::Red, &[], "5/11"),
    class("left_object", "遗留物", "Left object", Level::Yellow, &[Place::Crowded], "5/11"),
    class("running", "快速奔跑", "Running", Level::Yellow, &[Place::Crowded], "5/12"),
    class("smoke", "烟雾", "Smoke", Level::Red, &[], "5/11"),
    class("fire", "明火", "Fire", Level::Red, &[], "5/11"),
    class("traffic_order", "交通秩序", "Traffic order", Level::Blue, &[Place::Junction], ""),
    class("fight", "打斗疑似", "Suspected fight", Level::Red, &[], ""),
    class("public_order", "治安问题", "Public order", Level::Yellow, &[], ""),
    class("road_hazard", "道路障碍、积水", "Obstacle or water on the road", Level::Yellow, &[], ""),
    class("safety_hazard", "公共安全隐患", "Safety hazard", Level::Yellow, &[], ""),
    class("missing_person", "人员走失", "Missing person", Level::Orange, &[], ""),
    class("help", "群众求助", "Call for help", Level::Orange, &[], ""),
    class("dispute", "矛盾纠纷", "Dispute", Level::Blue, &[], ""),
    class("facility", "公共设施损坏", "Damaged facility", Level::Blue, &[], ""),
    class("environment", "环境卫生", "Environment", Level::Blue, &[], ""),
    class("other", "其他", "Other", Level::Blue, &[], ""),
];

impl Default for Plan {
    fn default() -> Self {
        let deadlines = Level::ALL.iter().flat_map(|&level| {
            let of = move |&clock: &ClockKind| Deadline { level, clock, allowance: usual(level, clock) };
            ClockKind::ALL.iter().filter(|clock| **clock != ClockKind::Escalate).map(of)
        });
        let escalation = vec![
            EscalationStep { after: Allowance::wall(0), to: "值班长".to_owned(), reaches: Vec::new() },
            EscalationStep {
                after: Allowance::wall(600), to: "中心主任".to_owned(), reaches: Vec::new()
            },
            EscalationStep {
                after: Allowance::wall(3_600), to: "分管领导".to_owned(), reaches: Vec::new()
            },
        ];
        Self { deadlines: deadlines.collect(), escalation }
    }
}

const MINUTE: u32 = 60;
const HOUR: u32 = 3_600;
/// Of work: the usual calendar's seven hours.
const DAY: u32 = 7 * HOUR;

const fn by_level(level: Level, red: u32, orange: u32, yellow: u32, blue: u32) -> u32 {
    match level {
        Level::Red => red,
        Level::Orange => orange,
        Level::Yellow => yellow,
        Level::Blue => blue,
    }
}

/// The deadlines that a site starts with. What is red counts by the wall, and so does what must not wait for the
/// morning: until units are there for what is orange, and until they are told for what is yellow.
const fn usual(level: Level, clock: ClockKind) -> Allowance {
    use ClockKind as C;
    let seconds = match clock {
        C::Accept => by_level(level, MINUTE, 5 * MINUTE, 10 * MINUTE, 4 * HOUR),
        C::Dispatch => by_level(level, 3 * MINUTE, 15 * MINUTE, 30 * MINUTE, 4 * HOUR),
        C::Sign => by_level(level, 3 * MINUTE, 15 * MINUTE, 30 * MINUTE, 4 * HOUR),
        C::Arrive => by_level(level, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, DAY),
        C::Finish => by_level(level, 2 * HOUR, DAY, 3 * DAY, 5 * DAY),
        C::Verify => by_level(level, HOUR, 4 * HOUR, DAY, 2 * DAY),
        C::Close => by_level(level, HOUR, 4 * HOUR, DAY, 2 * DAY),
        C::Revisit => by_level(level, 24 * HOUR, DAY, 2 * DAY, 5 * DAY),
        C::Hold => by_level(level, 4 * HOUR, DAY, 3 * DAY, 5 * DAY),
        C::Escalate => HOUR,
    };
    match (level, clock) {
        (Level::Red, _)
        | (Level::Orange, C::Accept | C::Dispatch | C::Sign | C::Arrive)
        | (Level::Yellow, C::Accept | C::Dispatch)
        | (_, C::Escalate) => Allowance::wall(seconds),
        (Level::Orange | Level::Yellow | Level::Blue, _) => Allowance::working(seconds),
    }
}
