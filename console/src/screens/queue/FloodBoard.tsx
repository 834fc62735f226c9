/** The queue in a flood: red ones each alone on top, the others by camera and class, with one decision for a group. */
import { Button, Empty } from "antd";
import { useState } from "react";
import { useViewer } from "../../api/session";
import type { Incident } from "../../api/types";
import { LevelBadge } from "../../components/LevelBadge";
import { useSpeech } from "../../i18n/context";
import { seenAt } from "../../i18n/format";
import { MOST_BULK } from "../../queue/bulk";
import { type FloodGroup, grouped } from "../../queue/flood";
import { useClassNames } from "../handover/HandoverNotice";
import { type BulkAsk, BulkDialog } from "./BulkDialog";
import { QueueRow } from "./QueueRow";
import type { FloodView } from "./useFlood";
import "./flood.css";

interface Props {
  incidents: readonly Incident[];
  flood: FloodView;
  selected: number | undefined;
  onSelect: (id: number) => void;
  onOpen: (id: number) => void;
}

export function FloodBoard({ incidents, flood, selected, onSelect, onOpen }: Props) {
  const { t } = useSpeech();
  const w = t.flood;
  const viewer = useViewer();
  const { red, groups } = grouped(incidents);
  const [opened, setOpened] = useState<string | null>(null);
  const [asking, setAsking] = useState<BulkAsk | null>(null);
  const waiting = groups.reduce((sum, group) => sum + group.incidents.length, 0);
  const row = (incident: Incident) => (
    <QueueRow
      key={incident.id}
      incident={incident}
      selected={incident.id === selected}
      viewerId={viewer.id}
      onSelect={onSelect}
      onOpen={onOpen}
    />
  );
  return (
    <section className="queue-list card flood" data-flood>
      <div className="flood-bar" role="status">
        <span>
          <b>{flood.byHand ? w.byHand : w.on(flood.arrived, flood.window_s)}</b>{" "}
          {!flood.byHand && <span>{w.ebbs}</span>}
        </span>
        <Button size="small" onClick={flood.leave}>
          {w.leave}
        </Button>
      </div>
      <div className="flood-body">
        <h2 className={red.length > 0 ? "flood-red" : ""}>
          {red.length > 0 ? `${w.redAlone} ${red.length}` : w.noRed}
        </h2>
        <div className="rows flood-rows">{red.map(row)}</div>
        <h2>{w.groups(groups.length, waiting)}</h2>
        {waiting === 0 && <Empty description={w.empty} />}
        {groups.map((group) => (
          <Group
            key={group.key}
            group={group}
            open={opened === group.key}
            chosen={group.incidents.some((incident) => incident.id === selected)}
            onToggle={() => setOpened(opened === group.key ? null : group.key)}
            onAsk={setAsking}
          >
            {opened === group.key && group.incidents.map(row)}
          </Group>
        ))}
      </div>
      {asking && <BulkDialog ask={asking} onDone={() => setAsking(null)} />}
    </section>
  );
}

interface GroupProps {
  group: FloodGroup;
  open: boolean;
  /** The selected incident is in it. */
  chosen: boolean;
  onToggle: () => void;
  onAsk: (ask: BulkAsk) => void;
  children: React.ReactNode;
}

function Group({ group, open, chosen, onToggle, onAsk, children }: GroupProps) {
  const { t, time } = useSpeech();
  const w = t.flood;
  const className = useClassNames();
  const first = group.incidents[0];
  if (!first) return null;
  const place = first.camera === undefined ? `${first.area_name}（${w.foreign}）` : seenAt(first);
  const what = `${place} · ${className(first.class)}`;
  const n = Math.min(group.incidents.length, MOST_BULK);
  const ask = (verb: BulkAsk["verb"]) => onAsk({ verb, what, incidents: group.incidents });
  return (
    <div className={chosen ? "flood-group flood-chosen" : "flood-group"} data-group={group.key}>
      <div className="flood-head">
        <button type="button" className="flood-what" aria-expanded={open} onClick={onToggle}>
          <LevelBadge level={group.level} />
          <span className="flood-count">{group.incidents.length}</span>
          <span className="flood-name">
            <b>{what}</b>
            <span className="muted">
              {first.camera !== undefined && `${first.area_name} · `}
              {w.span(time.clock(group.first_ms), time.clock(group.last_ms))}
            </span>
          </span>
          <span className="muted">{open ? w.close : w.open}</span>
        </button>
        <span className="flood-acts">
          <Button size="small" onClick={() => ask("false_alarm")}>
            {w.falseAll(n)}
          </Button>
          <Button size="small" onClick={() => ask("shelve")}>
            {w.shelveAll(n)}
          </Button>
        </span>
      </div>
      {open && <div className="rows flood-rows">{children}</div>}
    </div>
  );
}
