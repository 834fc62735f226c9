/** Which cameras are played: the area tree, most of it one click away. */
import { SearchOutlined } from "@ant-design/icons";
import { Button, Checkbox, Drawer, Empty, Input } from "antd";
import { useState } from "react";
import type { TimelineRow } from "../../api/recordings";
import type { Area } from "../../api/types";
import { useKeys } from "../../components/keys";
import { useSpeech } from "../../i18n/context";
import { MOST_PANES } from "../../timeline/address";

interface Props {
  rows: readonly TimelineRow[];
  areas: readonly Area[];
  chosen: readonly string[];
  onChange: (chosen: string[]) => void;
  onClose: () => void;
}

interface Branch {
  id: string;
  name: string;
  depth: number;
  rows: TimelineRow[];
}

/** Areas in tree order with what lies directly in them; areas without cameras below them are left out. */
function branches(areas: readonly Area[], rows: readonly TimelineRow[]): Branch[] {
  const known = new Set(areas.map((area) => area.id));
  const found: Branch[] = [];
  const visit = (area: Area, depth: number): boolean => {
    const own = rows.filter((row) => row.area === area.id);
    const at = found.length;
    found.push({ id: area.id, name: area.name, depth, rows: own });
    const below = areas.filter((a) => a.parent === area.id).map((a) => visit(a, depth + 1));
    const isWanted = own.length > 0 || below.includes(true);
    if (!isWanted) found.splice(at);
    return isWanted;
  };
  for (const area of areas) if (!area.parent || !known.has(area.parent)) visit(area, 0);
  const stray = rows.filter((row) => !known.has(row.area));
  if (stray.length > 0) found.push({ id: "", name: stray[0]?.area ?? "", depth: 0, rows: stray });
  return found;
}

export function CameraPicker({ rows, areas, chosen, onChange, onClose }: Props) {
  const { t } = useSpeech();
  const [words, setWords] = useState("");
  useKeys({ c: onClose, escape: onClose });
  const wanted = words.trim().toLowerCase();
  const nameOf = (id: string) => areas.find((area) => area.id === id)?.name ?? id;
  const shown = rows.filter((row) =>
    `${row.name} ${nameOf(row.area)} ${row.camera}`.toLowerCase().includes(wanted),
  );
  const isFull = chosen.length >= MOST_PANES;
  const toggle = (camera: string) =>
    onChange(chosen.includes(camera) ? chosen.filter((id) => id !== camera) : [...chosen, camera]);
  const toggleAll = (branch: Branch, on: boolean) => {
    const own = branch.rows.map((row) => row.camera);
    const others = chosen.filter((id) => !own.includes(id));
    onChange(on ? [...new Set([...chosen, ...own])].slice(0, MOST_PANES) : others);
  };
  return (
    <Drawer
      open
      placement="left"
      size={330}
      title={t.timeline.choose}
      onClose={onClose}
      extra={
        <Button size="small" onClick={() => onChange([])} disabled={chosen.length === 0}>
          {t.timeline.clear}
        </Button>
      }
    >
      <p className="muted picker-hint">
        {t.timeline.chooseHint(MOST_PANES)} <b>{t.timeline.chosen(chosen.length, MOST_PANES)}</b>
      </p>
      <Input
        allowClear
        autoFocus
        prefix={<SearchOutlined />}
        value={words}
        placeholder={t.timeline.searchCamera}
        aria-label={t.timeline.searchCamera}
        onChange={(event) => setWords(event.target.value)}
      />
      {shown.length === 0 && <Empty description={t.timeline.noCameras} />}
      {branches(areas, shown).map((branch) => (
        <section key={branch.id} className="picker-area" style={{ marginLeft: branch.depth * 14 }}>
          <AreaHead branch={branch} chosen={chosen} onAll={(on) => toggleAll(branch, on)} />
          {branch.rows.map((row) => (
            <Checkbox
              key={row.camera}
              checked={chosen.includes(row.camera)}
              disabled={isFull && !chosen.includes(row.camera)}
              onChange={() => toggle(row.camera)}
            >
              {row.name}
              {row.first_ms === null && <span className="muted"> · {t.storage.nothing}</span>}
            </Checkbox>
          ))}
        </section>
      ))}
    </Drawer>
  );
}

function AreaHead({
  branch,
  chosen,
  onAll,
}: {
  branch: Branch;
  chosen: readonly string[];
  onAll: (on: boolean) => void;
}) {
  if (branch.rows.length === 0) return <h3>{branch.name}</h3>;
  const n = branch.rows.filter((row) => chosen.includes(row.camera)).length;
  return (
    <Checkbox
      className="picker-head"
      checked={n === branch.rows.length}
      indeterminate={n > 0 && n < branch.rows.length}
      onChange={(event) => onAll(event.target.checked)}
    >
      {branch.name} <span className="muted">{branch.rows.length}</span>
    </Checkbox>
  );
}
