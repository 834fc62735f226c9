/** The question that goes with a verb. */
import type { RevisitResult, Satisfaction } from "../api/desk";
import type { Incident } from "../api/types";
import { useSpeech } from "../i18n/context";
import { spanWords } from "../timeline/words";
import { AssessDialog } from "./AssessDialog";
import { type Choice, ChoiceDialog, NoteDialog } from "./ChoiceDialog";
import { CLOSE_REASONS, type Decision, REOPEN_REASONS } from "./command";
import { DispatchDialog } from "./DispatchDialog";
import { ExtendDialog } from "./ExtendDialog";
import { FalseAlarmDialog } from "./FalseAlarmDialog";
import { active, needsNote } from "./lifecycle";
import { MergeDialog } from "./MergeDialog";
import { hasUnits } from "./picked";
import { UnitDialog } from "./UnitDialog";
import type { Asking } from "./useActions";
import { useCentre } from "./useCentre";

interface Props {
  asking: Asking;
  /** As far as it is known to whoever is asked. */
  incident: Incident;
  onDecide: (decisions: readonly Decision[]) => void;
  onCancel: () => void;
}

const REJECTIONS = ["not_ours", "out_of_scope", "unclear"] as const;
const URGES = [1, 2, 3] as const;
const MINUTE_MS = 60_000;
const SHELVES_MS = [30, 60, 120, 240, 480, 720].map((minutes) => minutes * MINUTE_MS);

/** What people said, and whether they could be asked at all, in one digit. */
const REVISITS: readonly { word: string; result: RevisitResult; satisfaction?: Satisfaction }[] = [
  { word: "satisfied", result: "reached", satisfaction: "satisfied" },
  { word: "fairly", result: "reached", satisfaction: "fairly" },
  { word: "dissatisfied", result: "reached", satisfaction: "dissatisfied" },
  { word: "unreachable", result: "unreachable" },
  { word: "nobody_concerned", result: "nobody_concerned" },
];

export function VerbDialog({ asking, incident, onDecide, onCancel }: Props) {
  const { t, time } = useSpeech();
  const { centre } = useCentre();
  const { kind } = asking;
  const done = (decision: Decision) => onDecide([decision]);

  const choices = <Value,>(
    options: readonly Choice<Value>[],
    decide: (value: Value, note?: string) => Decision,
    more: { title?: string; hint?: string; noteLabel?: string } = {},
  ) => (
    <ChoiceDialog
      title={more.title ?? `${t.desk.verb[kind] ?? ""} #${incident.number}`}
      hint={more.hint ?? t.desk.hint[kind] ?? ""}
      noteLabel={more.noteLabel}
      choices={options}
      onChoose={(value, note) => done(decide(value, note))}
      onCancel={onCancel}
    />
  );

  switch (kind) {
    case "unit":
      return <UnitDialog incident={incident} unit={asking.unit} onDone={done} onCancel={onCancel} />;
    case "false":
      return (
        <FalseAlarmDialog
          incident={incident}
          onConfirm={() => done({ verb: "close", reason: "false_alarm" })}
          onCancel={onCancel}
        />
      );
    case "assess":
      return <AssessDialog incident={incident} onDone={onDecide} onCancel={onCancel} />;
    case "dispatch":
      return <DispatchDialog incident={incident} onDone={onDecide} onCancel={onCancel} />;
    case "merge":
      return (
        <MergeDialog
          incident={incident}
          onChoose={(into, note) => done({ verb: "merge", into, note })}
          onCancel={onCancel}
        />
      );
    case "extend":
      return <ExtendDialog incident={incident} onDone={done} onCancel={onCancel} />;
    case "close":
      return choices(
        CLOSE_REASONS.map((reason) => ({
          value: reason,
          label: t.reason[reason] ?? reason,
          refused:
            reason === "handled" && isRedOnSpot(incident) && hasUnits(centre) ? t.desk.redOnSpot : undefined,
        })),
        // What is settled on the spot is nothing without a word of how: the least is what the button says.
        (reason, note) => ({
          verb: "close",
          reason,
          note:
            note ?? (reason === "handled" && incident.state !== "verified" ? t.reason.handled : undefined),
        }),
        { title: t.act.closeTitle(incident.number), hint: t.act.closeHint },
      );
    case "reopen":
      return choices(
        REOPEN_REASONS.map((reason) => ({ value: reason, label: t.reopenReason[reason] ?? reason })),
        (reason, note) => ({ verb: "reopen", reopen_reason: reason, note }),
        { title: t.act.reopenTitle(incident.number), hint: t.act.reopenHint },
      );
    case "reject":
      return choices(
        REJECTIONS.map((reason) => ({ value: reason, label: t.desk.rejectReason[reason] ?? reason })),
        (reason, note) => ({ verb: "reject", reject_reason: reason, note }),
      );
    case "revisit":
      return choices(
        REVISITS.map((one) => ({ value: one, label: t.desk.revisit[one.word] ?? one.word })),
        ({ result, satisfaction }, note) => ({ verb: "revisit", result, satisfaction, note }),
      );
    case "urge":
      return choices(
        URGES.map((urge) => ({
          value: urge,
          label: t.desk.urge[urge] ?? String(urge),
          refused: urge < incident.urged ? t.desk.urgeDone : undefined,
          // A sheet without its demand demands nothing.
          needsNote: urge === 3,
        })),
        (urge, note) => ({ verb: "urge", urge, note }),
        { noteLabel: t.desk.demand },
      );
    case "raise":
      return choices(
        [1, 2, 3]
          .filter((level) => level < incident.level)
          .map((level) => ({ value: level, label: t.levelLong[level] ?? String(level) })),
        (level, note) => ({ verb: "raise", level, note }),
      );
    case "shelve": {
      const now = Date.now();
      return choices(
        SHELVES_MS.map((span) => ({
          value: now + span,
          label: t.desk.untilIn(spanWords(t, span), time.stamp(now + span).slice(0, -3)),
        })),
        (until_ms, note) => ({ verb: "shelve", until_ms, note }),
      );
    }
    case "withdraw":
      return choices(
        active(incident.units)
          .filter((one) => one.finished_ms === undefined)
          .map((one) => ({
            value: one.unit,
            label: one.unit_name,
            hint: one.lead ? t.desk.unit.lead : t.desk.unit.assist,
            needsNote: true,
          })),
        (unit, note) => ({ verb: "withdraw", unit, note }),
      );
    default:
      return (
        <NoteDialog
          title={`${t.desk.verb[kind] ?? kind} #${incident.number}`}
          hint={t.desk.hint[kind] ?? ""}
          okText={t.desk.verb[kind] ?? t.desk.confirm}
          required={needsNote(kind)}
          onDone={(note) => done({ verb: kind, note })}
          onCancel={onCancel}
        />
      );
  }
}

/** What is red is only closed as handled once somebody has verified it. */
const isRedOnSpot = (incident: Incident): boolean => incident.level === 1 && incident.state !== "verified";
