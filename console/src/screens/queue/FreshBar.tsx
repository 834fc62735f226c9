import { Button } from "antd";
import { useSpeech } from "../../i18n/context";

interface Props {
  waiting: number;
  outOfOrder: boolean;
  /** Red incidents that nobody has claimed. */
  red: number;
  /** Open incidents whose time is over. */
  late: number;
  onFresh: () => void;
  onRed: () => void;
  onLate: () => void;
}

/** Always there, so that its coming does not push the list down: what is new, and how to see it. */
export function FreshBar({ waiting, outOfOrder, red, late, onFresh, onRed, onLate }: Props) {
  const { t } = useSpeech();
  const stirred = waiting > 0 || outOfOrder;
  return (
    <div className={`fresh ${waiting > 0 ? "fresh-new" : ""}`} role="status">
      {red > 0 && (
        <button type="button" className="fresh-red" onClick={onRed}>
          {t.queue.newRed(red)} <kbd>R</kbd>
        </button>
      )}
      {late > 0 && (
        <button type="button" className="fresh-late" onClick={onLate}>
          {t.desk.glance.late(late)} <kbd>E</kbd>
        </button>
      )}
      <span className="fresh-text">
        {waiting > 0 ? t.queue.newRows(waiting) : outOfOrder ? t.queue.reorder : t.queue.upToDate}
      </span>
      {stirred && (
        <Button size="small" type={waiting > 0 ? "primary" : "default"} onClick={onFresh}>
          {t.queue.show} <kbd>G</kbd>
        </Button>
      )}
    </div>
  );
}
