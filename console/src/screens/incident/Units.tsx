import { PhoneOutlined } from "@ant-design/icons";
import { Button } from "antd";
import { active, unitVerbs } from "../../actions/lifecycle";
import type { Actions } from "../../actions/useActions";
import type { CentreNames } from "../../actions/useCentre";
import type { Assignment } from "../../api/desk";
import { mayAct, useViewer } from "../../api/session";
import type { HistoryRow, IncidentDetail } from "../../api/types";
import { useSpeech } from "../../i18n/context";
import { age } from "../../i18n/format";

interface Props {
  incident: IncidentDetail;
  names: CentreNames;
  actions: Actions;
}

/** Each unit's own way through it: when it was told, signed in, arrived, was done, and what it said. */
export function Units({ incident, names, actions }: Props) {
  const { t } = useSpeech();
  const counted = active(incident.units);
  const past = incident.units.filter((one) => one.ended_ms !== undefined);
  if (incident.units.length === 0) return null;
  return (
    <section className="card panel units" data-testid="units">
      <h2>
        {t.desk.unit.title} <span className="muted">{counted.length}</span>
      </h2>
      <ol className="unit-list">
        {counted.map((one, at) => (
          <UnitPart key={one.unit} {...{ incident, names, actions, one }} digit={at + 1} />
        ))}
        {past.map((one) => (
          <UnitPart key={`${one.unit}-${one.told_ms}`} {...{ incident, names, actions, one }} />
        ))}
      </ol>
    </section>
  );
}

/** Of what is red and was finished without anything to show. */
const whyNoFile = (row: HistoryRow): string | undefined =>
  (row.detail as { why_no_file?: string } | null | undefined)?.why_no_file;

interface PartProps extends Props {
  one: Assignment;
  /** The key that acts for it. */
  digit?: number;
}

function UnitPart({ incident, names, actions, one, digit }: PartProps) {
  const { t, time } = useSpeech();
  const viewer = useViewer();
  const gone = one.ended_ms !== undefined;
  const phone =
    names.centre.duty.find((each) => each.unit === one.unit)?.phone ??
    names.centre.units.find((each) => each.id === one.unit)?.phone;
  const until = one.ended_ms ?? Number.POSITIVE_INFINITY;
  const said = incident.history.filter(
    (row) =>
      row.unit === one.unit &&
      row.note !== undefined &&
      row.at_ms >= one.told_ms &&
      row.at_ms <= until &&
      ["feedback", "finish", "return", "ask_extension", "ask_hold", "withdraw"].includes(row.action),
  );
  const moments: [string, number | undefined, number | undefined][] = [
    [t.desk.unit.told, one.told_ms, undefined],
    [t.desk.unit.signed, one.signed_ms, one.told_ms],
    [t.desk.unit.arrived, one.arrived_ms, one.signed_ms],
    [t.desk.unit.finished, one.finished_ms, one.arrived_ms],
  ];
  return (
    <li className={gone ? "unit-part unit-gone" : "unit-part"} data-unit={one.unit}>
      <div className="unit-head">
        <b>{one.unit_name}</b>
        <span className={one.lead ? "tag tag-lead" : "tag"}>
          {one.lead ? t.desk.unit.lead : t.desk.unit.assist}
        </span>
        {one.reworks > 0 && <span className="tag tag-warn">{t.desk.unit.reworks(one.reworks)}</span>}
        {gone && <span className="tag">{t.desk.unit.ended[one.end_cause ?? ""] ?? t.desk.unit.past}</span>}
        {phone && !gone && (
          <a href={`tel:${phone}`} className="unit-phone">
            <PhoneOutlined /> {phone}
          </a>
        )}
        {digit !== undefined && mayAct(viewer.role) && unitVerbs(one, incident).length > 0 && (
          <Button size="small" onClick={() => actions.askUnit(incident, one.unit)}>
            {t.desk.unit.act} {digit < 10 && <kbd>{digit}</kbd>}
          </Button>
        )}
      </div>
      <ol className="unit-moments">
        {moments.map(([name, at, before]) => (
          <li key={name} className={at === undefined ? "moment-open" : "moment-done"}>
            <span className="muted">{name}</span>
            <b title={at === undefined ? undefined : time.stamp(at)}>
              {at === undefined ? "—" : time.clock(at)}
            </b>
            {at !== undefined && before !== undefined && (
              <span className="muted">{t.desk.unit.after(age(t, at - before))}</span>
            )}
          </li>
        ))}
      </ol>
      {said.map((row) => (
        <p key={row.version} className="unit-said">
          <span className="muted">
            {time.clock(row.at_ms)} {t.history[row.action] ?? row.action}
          </span>{" "}
          {row.note}
          {whyNoFile(row) && <span className="muted"> · {t.desk.unit.noFile(whyNoFile(row) ?? "")}</span>}
        </p>
      ))}
    </li>
  );
}
