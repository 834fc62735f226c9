//! What is printed, in Chinese and in English. Nothing is decided here.

use sharpeyes_domain::{centre::Source, incident::Satisfaction};

use super::document::{BulletinKind, Named};

/// The language of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lang {
    /// 中文.
    Chinese,
    /// English.
    English,
}

impl Lang {
    /// The one of both that is in this language.
    #[must_use]
    pub const fn of<'a>(self, (zh, en): (&'a str, &'a str)) -> &'a str {
        match self {
            Self::Chinese => zh,
            Self::English => en,
        }
    }

    /// As in metadata.
    #[must_use]
    pub const fn tag(self) -> &'static str {
        match self {
            Self::Chinese => "zh-CN",
            Self::English => "en",
        }
    }

    /// A name in this language, if it has one.
    #[must_use]
    pub fn name(self, named: &Named) -> &str {
        match (self, &named.name_en) {
            (Self::English, Some(name)) => name,
            (Self::English | Self::Chinese, _) => &named.name,
        }
    }
}

/// Of ways in.
pub(super) const fn source(source: Source) -> (&'static str, &'static str) {
    match source {
        Source::Camera => ("视频告警", "Camera alarm"),
        Source::Operator => ("人工巡屏", "Operator"),
        Source::Grid => ("网格上报", "Grid worker"),
        Source::Police => ("110 推送", "Police 110"),
        Source::Hotline => ("热线电话", "Hotline"),
        Source::Government => ("12345 热线", "Hotline 12345"),
        Source::App => ("群众 APP", "App"),
        Source::Visit => ("来访", "Visit"),
        Source::Superior => ("上级交办", "Superior"),
        Source::Patrol => ("排查巡逻", "Patrol"),
    }
}

/// Of kinds of bulletins.
pub(super) const fn kind(kind: BulletinKind) -> (&'static str, &'static str) {
    match kind {
        BulletinKind::Daily => ("日报", "Daily report"),
        BulletinKind::Weekly => ("周报", "Weekly report"),
        BulletinKind::Monthly => ("月报", "Monthly report"),
        BulletinKind::Special => ("专报", "Special report"),
        BulletinKind::Flash => ("快报", "Flash report"),
    }
}

/// Of levels, 1 to 4: always with the word, never by colour alone.
pub(super) const fn level(level: u8) -> (&'static str, &'static str) {
    match level {
        1 => ("红色（一级）", "Red (1)"),
        2 => ("橙色（二级）", "Orange (2)"),
        3 => ("黄色（三级）", "Yellow (3)"),
        _ => ("蓝色（四级）", "Blue (4)"),
    }
}

/// Of kinds of areas.
pub(super) fn area_kind(kind: &str) -> (&'static str, &'static str) {
    match kind {
        "county" => ("县区", "County"),
        "township" => ("乡镇", "Township"),
        "village" => ("村（社区）", "Village"),
        "grid" => ("网格", "Grid"),
        _ => ("已撤销", "Removed"),
    }
}

/// Of states.
pub(super) fn state(state: &str) -> (&'static str, &'static str) {
    match state {
        "new" => ("待受理", "New"),
        "claimed" => ("已受理", "Claimed"),
        "assessed" => ("已研判", "Assessed"),
        "dispatched" => ("已派遣", "Dispatched"),
        "signed" => ("已报到", "Signed in"),
        "handling" => ("处置中", "Handling"),
        "done" => ("已处置", "Done"),
        "verified" => ("已核查", "Verified"),
        "closed" => ("已办结", "Closed"),
        "revisited" => ("已回访", "Revisited"),
        "rejected" => ("不予受理", "Rejected"),
        "merged" => ("已并案", "Merged"),
        "shelved" => ("已搁置", "Shelved"),
        _ => ("其他", "Other"),
    }
}

/// Of what is done to incidents.
pub(super) fn action(action: &str) -> (&'static str, &'static str) {
    match action {
        "open" => ("接报", "Opened"),
        "claim" => ("受理", "Claimed"),
        "release" => ("放回", "Released"),
        "lease_expired" => ("受理超时放回", "Lease expired"),
        "hand_over" => ("交接", "Handed over"),
        "take_over" => ("接管", "Taken over"),
        "assess" => ("研判", "Assessed"),
        "dispatch" => ("派遣", "Dispatched"),
        "withdraw" => ("撤回", "Withdrawn"),
        "sign_in" => ("报到", "Signed in"),
        "return" => ("退回", "Returned"),
        "arrive" => ("到场", "Arrived"),
        "feedback" => ("反馈", "Feedback"),
        "finish" => ("处置完毕", "Finished"),
        "verify" => ("核查通过", "Verified"),
        "rework" => ("返工", "Rework"),
        "close" => ("办结", "Closed"),
        "archive" => ("归档", "Archived"),
        "revisit" => ("回访", "Revisited"),
        "reject" => ("不予受理", "Rejected"),
        "merge" => ("并案", "Merged"),
        "unmerge" => ("取消并案", "Unmerged"),
        "shelve" => ("搁置", "Shelved"),
        "unshelve" => ("恢复", "Unshelved"),
        "reopen" => ("重开", "Reopened"),
        "urge" => ("催办", "Urged"),
        "ask_extension" => ("申请延期", "Asked for time"),
        "extend" => ("同意延期", "Extended"),
        "refuse_extension" => ("不同意延期", "Refused time"),
        "ask_hold" => ("申请挂起", "Hold asked for"),
        "refuse_hold" => ("不同意挂起", "Hold refused"),
        "take_units" => ("并入承办单位", "Units taken over"),
        "give_units" => ("承办单位转出", "Units moved on"),
        "hold" => ("挂起", "Held"),
        "unhold" => ("解除挂起", "Hold released"),
        "note" => ("备注", "Note"),
        "attach" => ("附件", "File"),
        "warn" => ("时限提醒", "Warning"),
        "overdue" => ("超时", "Overdue"),
        "escalate" => ("升级", "Escalated"),
        "acknowledge" => ("已知悉", "Acknowledged"),
        "append" => ("再次告警", "Appended"),
        "raise" => ("提级", "Raised"),
        "self_test" => ("系统自检", "Self-test"),
        "suggest_close" => ("建议办结", "Closing suggested"),
        _ => ("其他", "Other"),
    }
}

/// Of reasons why incidents are over.
pub(super) fn reason(code: &str) -> (&'static str, &'static str) {
    match code {
        "handled" => ("属实，已处置", "Handled"),
        "false_alarm" => ("误报", "False alarm"),
        "duplicate" => ("重复", "Duplicate"),
        "test" => ("测试、演练", "Test"),
        "no_action" => ("属实，无需处置", "Nothing to be done"),
        "not_ours" => ("不属本地管辖", "Not ours"),
        "out_of_scope" => ("不属受理范围", "Out of scope"),
        "unclear" => ("情况不明", "Unclear"),
        _ => ("其他", "Other"),
    }
}

/// Of tickets of cameras.
pub(super) fn fault(kind: &str) -> (&'static str, &'static str) {
    match kind {
        "stream" => ("视频流中断", "Stream interrupted"),
        "covered" => ("画面遮挡", "Picture covered"),
        "defocused" => ("画面失焦", "Out of focus"),
        "moved" => ("摄像机移位", "Moved"),
        "frozen" => ("画面冻结", "Frozen picture"),
        "signal_lost" => ("无视频信号", "No signal"),
        "analysis_blind" => ("分析失效", "Not analysed"),
        "recording" => ("录像中断", "Not recorded"),
        _ => ("其他故障", "Other fault"),
    }
}

/// Of how content people are.
pub(super) const fn satisfaction(said: Satisfaction) -> (&'static str, &'static str) {
    match said {
        Satisfaction::Satisfied => ("满意", "Satisfied"),
        Satisfaction::Fairly => ("基本满意", "Fairly satisfied"),
        Satisfaction::Dissatisfied => ("不满意", "Not satisfied"),
    }
}
