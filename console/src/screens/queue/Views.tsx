/** Filters that have a name: a number key each. */
import { EllipsisOutlined, StarOutlined } from "@ant-design/icons";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { App, Button, Dropdown, Input, Modal } from "antd";
import { type KeyboardEvent, useState } from "react";
import { need } from "../../api/client";
import { desk, type Filter, type SavedView } from "../../api/desk";
import { focusSoon } from "../../components/focusSoon";
import { useSpeech } from "../../i18n/context";
import { problemText } from "../../i18n/format";
import { sameFilter } from "../../queue/filter";

const NOTHING: readonly SavedView[] = [];

export function useViews() {
  const views = useQuery({ queryKey: ["views"], queryFn: ({ signal }) => need(desk.views(signal)) });
  return views.data ?? NOTHING;
}

interface Props {
  views: readonly SavedView[];
  /** What is shown now. */
  current: Filter;
  onChoose: (filter: Filter) => void;
  onSave: () => void;
  onRename: (view: SavedView) => void;
}

export function Views({ views, current, onChoose, onSave, onRename }: Props) {
  const { t } = useSpeech();
  const { message, modal } = App.useApp();
  const queries = useQueryClient();
  const nothing = Object.keys(current).length === 0;
  const remove = (view: SavedView) =>
    modal.confirm({
      title: t.desk.views.removeAsk(view.name),
      okText: t.desk.views.remove,
      okButtonProps: { danger: true },
      onOk: async () => {
        const answer = await desk.forgetView(view.id);
        if (answer.kind === "error") message.error(problemText(t, answer.problem));
        await queries.invalidateQueries({ queryKey: ["views"] });
      },
    });
  const chip = (key: string, name: string, chosen: boolean, choose: () => void) => (
    <button
      type="button"
      className={chosen ? "view view-on" : "view"}
      aria-pressed={chosen}
      data-view={key}
      onClick={choose}
    >
      <kbd>{key}</kbd> {name}
    </button>
  );
  return (
    <div className="views">
      {views.length > 0 && chip("0", t.desk.views.all, nothing, () => onChoose({}))}
      {views.map((view, at) => {
        const chosen = sameFilter(view.filter, current);
        return (
          <span key={view.id} className="view-item">
            {chip(at < 9 ? String(at + 1) : "·", view.name, chosen, () => onChoose(view.filter))}
            {chosen && (
              <Dropdown
                trigger={["click"]}
                menu={{
                  items: [
                    { key: "rename", label: t.desk.views.rename, onClick: () => onRename(view) },
                    { key: "remove", danger: true, label: t.desk.views.remove, onClick: () => remove(view) },
                  ],
                }}
              >
                <Button
                  size="small"
                  type="text"
                  icon={<EllipsisOutlined />}
                  aria-label={t.desk.views.manage(view.name)}
                />
              </Dropdown>
            )}
          </span>
        );
      })}
      {!nothing && !views.some((view) => sameFilter(view.filter, current)) && (
        <Button size="small" icon={<StarOutlined />} onClick={onSave}>
          {t.desk.views.save} <kbd>V</kbd>
        </Button>
      )}
    </div>
  );
}

interface NameProps {
  filter: Filter;
  /** The view that gets another name. */
  old?: SavedView;
  onDone: () => void;
}

const MOST_NAME = 60;

export function ViewNameDialog({ filter, old, onDone }: NameProps) {
  const { t } = useSpeech();
  const { message } = App.useApp();
  const queries = useQueryClient();
  const [name, setName] = useState(old?.name ?? "");
  const save = async () => {
    const wanted = name.trim();
    if (wanted === "" || wanted === old?.name) return onDone();
    const answer = await desk.saveView(wanted, filter);
    if (answer.kind === "error") return void message.error(problemText(t, answer.problem));
    // A view is known by its name: another name is another view, and the old one goes.
    if (old) await desk.forgetView(old.id);
    message.success(t.desk.views.saved, 2);
    await queries.invalidateQueries({ queryKey: ["views"] });
    onDone();
  };
  const onKey = (event: KeyboardEvent) => {
    if (event.key === "Enter" && !event.nativeEvent.isComposing) void save();
  };
  return (
    <Modal
      open
      centered
      width={400}
      title={old ? t.desk.views.rename : t.desk.views.saveTitle}
      okText={t.desk.confirm}
      okButtonProps={{ disabled: name.trim() === "" }}
      onOk={() => void save()}
      onCancel={onDone}
      transitionName=""
      maskTransitionName=""
    >
      <Input
        ref={focusSoon}
        value={name}
        maxLength={MOST_NAME}
        placeholder={t.desk.views.name}
        aria-label={t.desk.views.name}
        onChange={(event) => setName(event.target.value)}
        onKeyDown={onKey}
      />
      <p className="muted dialog-foot">{t.desk.views.nameHint}</p>
    </Modal>
  );
}
