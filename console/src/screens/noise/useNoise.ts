/** What sources raise, for those who may see it. */
import { useQuery } from "@tanstack/react-query";
import { noiseQuery } from "../../api/noise";
import { screensOf, useViewer } from "../../api/session";

export function useNoise() {
  const enabled = screensOf(useViewer().role).includes("noise");
  return useQuery({ ...noiseQuery, enabled }).data;
}
