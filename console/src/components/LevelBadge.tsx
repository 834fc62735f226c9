import { useSpeech } from "../i18n/context";

/** A shape per level, so that no level is told by colour alone. */
export const SHAPE: Record<number, string> = {
  1: "M6.500 1h7L19 6.500v7L13.500 19h-7L1 13.500v-7z",
  2: "M10 1.500 19 18.500H1z",
  3: "M10 1 19 10 10 19 1 10z",
  4: "M10 1a9 9 0 1 1 0 18 9 9 0 0 1 0-18z",
};

export function LevelBadge({ level, long = false }: { level: number; long?: boolean }) {
  const { t } = useSpeech();
  return (
    <span className={`level level-${level}`}>
      <svg viewBox="0 0 20 20" aria-hidden="true">
        <path d={SHAPE[level] ?? SHAPE[4]} />
      </svg>
      {(long ? t.levelLong : t.level)[level] ?? level}
    </span>
  );
}
