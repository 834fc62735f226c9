export function CamerasPage() {
  return <div>CamerasPage</div>;
}
