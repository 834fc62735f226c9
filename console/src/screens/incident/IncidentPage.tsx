export function IncidentPage() {
  return <div>IncidentPage</div>;
}
