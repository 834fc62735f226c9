//! The field's own words for what the codes say, as other platforms show them.

use sharpeyes_domain::{centre::Source, incident::IncidentState, level::Level};

pub(super) const fn level(level: Level) -> &'static str {
    match level {
        Level::Red => "红",
        Level::Orange => "橙",
        Level::Yellow => "黄",
        Level::Blue => "蓝",
    }
}

pub(super) const fn source(source: Source) -> &'static str {
    match source {
        Source::Camera => "视频监测",
        Source::Operator => "人工巡屏",
        Source::Grid => "网格上报",
        Source::Police => "110 推送",
        Source::Hotline => "热线",
        Source::Government => "12345 热线",
        Source::App => "APP、二维码",
        Source::Visit => "来访",
        Source::Superior => "上级交办",
        Source::Patrol => "排查巡逻",
    }
}

pub(super) const fn state(state: IncidentState) -> &'static str {
    match state {
        IncidentState::New => "待受理",
        IncidentState::Claimed => "已受理",
        IncidentState::Assessed => "已研判",
        IncidentState::Dispatched => "已派单",
        IncidentState::Signed => "已签收",
        IncidentState::Handling => "处置中",
        IncidentState::Done => "已办结",
        IncidentState::Verified => "已核验",
        IncidentState::Closed => "已关闭",
        IncidentState::Revisited => "已回访",
        IncidentState::Rejected => "不予受理",
        IncidentState::Merged => "已合并",
        IncidentState::Shelved => "已搁置",
    }
}

/// The step of the seven that comes next, or that it is in.
pub(super) const fn step(state: IncidentState) -> &'static str {
    match state {
        IncidentState::New | IncidentState::Shelved => "一窗接收",
        IncidentState::Claimed => "分析研判",
        IncidentState::Assessed => "分流转办",
        IncidentState::Dispatched | IncidentState::Signed | IncidentState::Handling => "分类调处",
        IncidentState::Done | IncidentState::Verified => "办结归档",
        IncidentState::Closed | IncidentState::Revisited => "回访了解",
        IncidentState::Rejected | IncidentState::Merged => "办结归档",
    }
}

/// An event by its code.
pub(super) fn event(kind: &str) -> &'static str {
    match kind {
        "open" => "新增",
        "append" => "再次报警",
        "raise" => "升级",
        "claim" => "受理",
        "release" => "退回待受理",
        "lease_expired" => "受理超时退回",
        "hand_over" => "交接",
        "take_over" => "接管",
        "assess" => "研判",
        "dispatch" => "派单",
        "withdraw" => "撤回派单",
        "sign_in" => "报到",
        "return" => "退单",
        "arrive" => "到场",
        "feedback" => "反馈",
        "finish" => "办结",
        "verify" => "核验",
        "rework" => "返工",
        "close" => "关闭",
        "archive" => "归档",
        "revisit" => "回访",
        "reject" => "不予受理",
        "merge" => "合并",
        "unmerge" => "取消合并",
        "shelve" => "搁置",
        "unshelve" => "恢复",
        "reopen" => "重新打开",
        "urge" => "督办",
        "ask_extension" => "申请延期",
        "extend" => "同意延期",
        "refuse_extension" => "不同意延期",
        "ask_hold" => "申请挂账",
        "refuse_hold" => "不同意挂账",
        "take_units" => "并入承办单位",
        "give_units" => "承办单位转出",
        "hold" => "挂账",
        "unhold" => "解除挂账",
        "note" => "备注",
        "attach" => "添加附件",
        "self_test" => "系统自检",
        "suggest_close" => "建议关闭",
        "warn" => "时限预警",
        "overdue" => "超期",
        "escalate" => "逐级上报",
        "acknowledge" => "已知悉",
        _ => "变更",
    }
}

/// Why it is over, by its code.
pub(super) fn reason(code: &str) -> &'static str {
    match code {
        "handled" => "属实，已处置",
        "false_alarm" => "误报",
        "duplicate" => "重复",
        "test" => "测试、演练",
        "no_action" => "属实，无需处置",
        "not_ours" => "不属本地管辖",
        "out_of_scope" => "不属受理范围",
        "unclear" => "情况不明",
        _ => "其他",
    }
}

#[cfg(test)]
mod tests {
    use sharpeyes_domain::incident::{ActionKind, CloseReason, RejectReason};

    use super::*;

    #[test]
    fn every_event_and_every_reason_has_a_word() {
        for kind in ActionKind::NAMES {
            assert_ne!(event(kind), "变更", "{kind}");
        }
        for code in CloseReason::NAMES.iter().chain(RejectReason::NAMES) {
            assert_ne!(reason(code), "其他", "{code}");
        }
    }
}
