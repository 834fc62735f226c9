import { useQuery } from "@tanstack/react-query";
import { client, need } from "../../api/client";

/** Names for identifiers, from the health page's list, which whoever sees the storage may read as well. */
export function useCameraNames(): (camera: string) => string {
  const cameras = useQuery({
    queryKey: ["health"],
    queryFn: ({ signal }) => need(client.cameraHealth(signal)),
    staleTime: 60_000,
  });
  return (id) => cameras.data?.find((camera) => camera.id === id)?.name ?? id;
}
