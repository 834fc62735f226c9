import { EllipsisOutlined } from "@ant-design/icons";
import { Button, Dropdown } from "antd";
import { mayAct, useViewer } from "../api/session";
import { useSpeech } from "../i18n/context";
import { active, type CentreVerb, type Known, LINES, nextVerb, possible } from "./lifecycle";
import type { Actions } from "./useActions";

/** In this order: what leads on, what settles, what presses, what puts away. */
const ORDER: readonly CentreVerb[] = [
  "claim",
  "assess",
  "dispatch",
  "verify",
  "close",
  "revisit",
  "archive",
  "unmerge",
  "unshelve",
  "rework",
  "extend",
  "refuse_extension",
  "urge",
  "hold",
  "refuse_hold",
  "unhold",
  "withdraw",
  "release",
  "reject",
  "reopen",
  "merge",
  "shelve",
  "raise",
  "note",
  "take_over",
];
/** So many of them are in sight where there is little room; the rest is behind one button. */
const FEW = 3;

interface Props {
  incident: Known;
  actions: Actions;
  /** Only what is usual: the rest is on the incident's own page. */
  brief?: boolean;
}

/** The verbs that are possible now as buttons, each with its key. */
export function ActionButtons({ incident, actions, brief = false }: Props) {
  const { t } = useSpeech();
  const viewer = useViewer();
  if (!mayAct(viewer.role)) return <p className="muted">{t.act.readOnly}</p>;
  const allowed = possible(incident, viewer.id);
  const next = nextVerb(incident);
  const verbs = ORDER.filter((verb) => allowed.has(verb)).sort(
    (a, b) => Number(b === next) - Number(a === next),
  );
  const label = (verb: CentreVerb) =>
    verb === "dispatch" && active(incident.units).length > 0
      ? t.desk.dispatchMore
      : (t.desk.verb[verb] ?? verb);
  const canFalse = allowed.has("close") && incident.state !== "verified";
  const asked = incident.asked_due_ms !== undefined;
  const askedHold = incident.asked_hold_ms !== undefined;
  const isMain = (verb: CentreVerb) =>
    verb === next || (asked && verb === "extend") || (askedHold && verb === "hold");
  const few = verbs.slice(0, FEW);

  const button = (verb: CentreVerb, look: string) => (
    <Button
      key={verb}
      className={look}
      data-verb={verb}
      type={isMain(verb) ? "primary" : "default"}
      loading={actions.busy === incident.id && verb === next}
      onClick={() => actions.run(incident, verb)}
    >
      {label(verb)} <kbd>{LINES[verb].key.toUpperCase()}</kbd>
    </Button>
  );
  const falseAlarm = canFalse && (
    <Button data-verb="false" onClick={() => actions.askFalse(incident)}>
      {t.act.falseAlarm} <kbd>F</kbd>
    </Button>
  );
  const rest = verbs.slice(FEW);
  return (
    <div className={brief ? "actions actions-brief" : "actions"}>
      {few.map((verb) => button(verb, ""))}
      {falseAlarm}
      {!brief && rest.map((verb) => button(verb, "actions-rest"))}
      {rest.length > 0 && (
        <Dropdown
          trigger={["click"]}
          menu={{
            items: rest.map((verb) => ({
              key: verb,
              label: (
                <span className="menu-verb">
                  {label(verb)} <kbd>{LINES[verb].key.toUpperCase()}</kbd>
                </span>
              ),
              onClick: () => actions.run(incident, verb),
            })),
          }}
        >
          <Button className="actions-more" icon={<EllipsisOutlined />} aria-label={t.desk.more}>
            {t.desk.more}
          </Button>
        </Dropdown>
      )}
    </div>
  );
}
