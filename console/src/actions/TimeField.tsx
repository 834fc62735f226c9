/** A moment in the site's own time; undefined: left empty. */
import { useMemo } from "react";
import { useViewer } from "../api/session";
import { localInput, readLocalInput } from "../timeline/localTime";
import { zoneOffset } from "../timeline/ticks";

interface Props {
  value: number | undefined;
  label: string;
  onChange: (at_ms: number | undefined) => void;
}

export function TimeField({ value, label, onChange }: Props) {
  const viewer = useViewer();
  const offsetAt = useMemo(() => zoneOffset(viewer.site.timezone), [viewer.site.timezone]);
  return (
    <input
      className="time-field"
      type="datetime-local"
      value={value === undefined ? "" : localInput(value, offsetAt).slice(0, 16)}
      aria-label={label}
      onChange={(event) => onChange(readLocalInput(event.target.value, offsetAt) ?? undefined)}
    />
  );
}
