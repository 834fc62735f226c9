import { Button, Empty } from "antd";
import { Loading, Trouble } from "../../components/Trouble";
import { useSpeech } from "../../i18n/context";
import type { Found } from "./useFound";

interface Props {
  found: Found;
  isEmpty: boolean;
  /** What is said when it cannot be read. */
  failed: string;
  /** What is said when nothing is there. */
  empty: string;
}

/** What stands below the rows that were found: that they are being read, why they are not, that there are none, or more. */
export function ListEnd({ found, isEmpty, failed, empty }: Props) {
  const { t } = useSpeech();
  return (
    <>
      {found.isPending && <Loading />}
      {found.isError && <Trouble title={failed} error={found.error} onRetry={() => found.refetch()} />}
      {found.isSuccess && isEmpty && <Empty className="queue-empty" description={empty} />}
      {found.hasNextPage && (
        <Button block type="text" loading={found.isFetchingNextPage} onClick={() => nextPage(found)}>
          {t.common.more}
        </Button>
      )}
    </>
  );
}

/** Asks for the next page, once at a time. */
export function nextPage(found: Found): void {
  if (found.hasNextPage && !found.isFetchingNextPage) void found.fetchNextPage();
}
