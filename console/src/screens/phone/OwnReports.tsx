/** What became of the viewer's own reports. */
import { useQuery } from "@tanstack/react-query";
import { need } from "../../api/client";
import { phone } from "../../api/phone";
import { LevelBadge } from "../../components/LevelBadge";
import { useSpeech } from "../../i18n/context";
import { useCentre } from "./useCentre";

/** Whoever reports is not told of every step: the list asks now and then. */
const EVERY_MS = 30_000;

export function OwnReports() {
  const { t, time } = useSpeech();
  const { className } = useCentre();
  const own = useQuery({
    queryKey: ["report", "own"],
    queryFn: ({ signal }) => need(phone.ownReports(signal)),
    refetchInterval: EVERY_MS,
  });
  return (
    <section className="phone-card">
      <h2>{t.gridReport.own}</h2>
      {own.isError && <p className="phone-note">{t.gridReport.failed}</p>}
      {own.data?.length === 0 && <p className="muted">{t.gridReport.none}</p>}
      <ol className="own-reports">
        {own.data?.map((report) => (
          <li key={report.number}>
            <span className="task-head">
              <LevelBadge level={report.level} />
              <b className="task-class">{className(report.class)}</b>
              <span className="step">{t.state[report.state] ?? report.state}</span>
            </span>
            <span>{report.title}</span>
            <span className="muted">
              {report.area_name} · {time.stamp(report.received_ms).slice(0, -3)} · #{report.number}
              {report.close_reason && ` · ${t.reason[report.close_reason] ?? report.close_reason}`}
            </span>
          </li>
        ))}
      </ol>
    </section>
  );
}
