import type { IncidentDetail } from "../../api/types";
import { useSpeech } from "../../i18n/context";

/** What somebody reported, where there is no recording to look at. */
export function ReportCard({ incident }: { incident: IncidentDetail }) {
  const { t } = useSpeech();
  const { latitude, longitude } = incident;
  return (
    <section className="card panel report-card" data-testid="report">
      <h2>
        {t.desk.facts.report}{" "}
        <span className="muted">{t.desk.source[incident.source] ?? incident.source}</span>
      </h2>
      <p className="report-title">{incident.title}</p>
      {incident.description && <p className="report-text">{incident.description}</p>}
      <dl className="facts">
        {incident.location && (
          <>
            <dt>{t.desk.facts.location}</dt>
            <dd>{incident.location}</dd>
          </>
        )}
        {latitude !== undefined && longitude !== undefined && (
          <>
            <dt>{t.desk.facts.position}</dt>
            <dd>
              {latitude.toFixed(5)}, {longitude.toFixed(5)}
            </dd>
          </>
        )}
        {incident.reporter && (
          <>
            <dt>{t.desk.facts.reporter}</dt>
            <dd>{incident.reporter}</dd>
          </>
        )}
        {incident.reporter_phone && (
          <>
            <dt>{t.desk.report.phone}</dt>
            <dd>
              <a href={`tel:${incident.reporter_phone}`}>{incident.reporter_phone}</a>
            </dd>
          </>
        )}
      </dl>
    </section>
  );
}
