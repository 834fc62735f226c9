//! The grid: county, township, village, grid as one tree. Grants and queues are cut along its subtrees.
//!
//! The site file declares it; `config` builds it and `gateway::access` asks it.

use std::collections::{HashMap, HashSet};

use serde::{Deserialize, Serialize};

use crate::{closed::closed_enum, ids::AreaId};

closed_enum! {
    /// The tier of an area.
    pub enum AreaKind ("area kind") {
        /// 县.
        County => "county",
        /// 乡镇.
        Township => "township",
        /// 村 or 社区.
        Village => "village",
        /// 网格.
        Grid => "grid",
    }
}

closed_enum! {
    /// What kind of place a camera watches; rules take their defaults from it.
    pub enum Place ("place") {
        /// A lane, a yard, the entrance of a village.
        Village => "village",
        /// A road junction.
        Junction => "junction",
        /// A market, a square, a school gate.
        Crowded => "crowded",
        /// Water that people drown in.
        Reservoir => "reservoir",
    }
}

/// One node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Area {
    /// Unique in the site.
    pub id: AreaId,
    /// As people call it.
    pub name: String,
    /// `None` for a root.
    pub parent: Option<AreaId>,
    /// Its tier.
    pub kind: AreaKind,
}

/// Why a list of areas is no tree.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AreaError {
    /// Two areas have one id.
    #[error("area `{id}` is declared twice")]
    Duplicate {
        /// Of both.
        id: AreaId,
    },
    /// The parent is not declared.
    #[error("area `{id}` lies in `{parent}`, which is not declared")]
    UnknownParent {
        /// Whose parent is unknown.
        id: AreaId,
        /// The unknown one.
        parent: AreaId,
    },
    /// The area lies in itself, directly or through others.
    #[error("area `{id}` lies in itself: {}", path.iter().map(AreaId::as_str).collect::<Vec<_>>().join(" in "))]
    Cycle {
        /// The first of the circle in the order of declaration.
        id: AreaId,
        /// The way round, beginning and ending with `id`.
        path: Vec<AreaId>,
    },
    /// A parent of the same or a lower tier.
    #[error("area `{id}` is a {kind} and cannot lie in `{parent}`, a {parent_kind}")]
    Tier {
        /// The child.
        id: AreaId,
        /// The child's tier.
        kind: AreaKind,
        /// The parent.
        parent: AreaId,
        /// The parent's tier.
        parent_kind: AreaKind,
    },
}

/// All areas of a site: a forest without circles, by construction.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AreaTree {
    areas: Vec<Area>,
    /// Invariant: one entry per area, the index into `areas`.
    index: HashMap<AreaId, usize>,
}

impl AreaTree {
    /// # Errors
    /// Every [`AreaError`] found, in the order of declaration: duplicates, unknown parents, wrong tiers, circles.
    pub fn new(areas: Vec<Area>) -> Result<Self, Vec<AreaError>> {
        let mut problems = Vec::new();
        let mut index = HashMap::new();
        for (i, area) in areas.iter().enumerate() {
            if index.contains_key(&area.id) {
                problems.push(AreaError::Duplicate { id: area.id.clone() });
            } else {
                index.insert(area.id.clone(), i);
            }
        }
        let tree = Self { areas, index };
        for area in &tree.areas {
            problems.extend(tree.parent_problem(area));
        }
        problems.extend(tree.circles());
        if problems.is_empty() { Ok(tree) } else { Err(problems) }
    }

    /// All areas in the order of declaration.
    #[must_use]
    pub fn areas(&self) -> &[Area] {
        &self.areas
    }

    /// The area of this id.
    #[must_use]
    pub fn area(&self, id: &AreaId) -> Option<&Area> {
        self.index.get(id).and_then(|&i| self.areas.get(i))
    }

    /// The area that `id` lies in; `None` for roots and unknown ids.
    #[must_use]
    pub fn parent(&self, id: &AreaId) -> Option<&Area> {
        self.area(id).and_then(|area| area.parent.as_ref()).and_then(|parent| self.area(parent))
    }

    /// `id` itself, then its parent, and so on to the root; empty for an unknown id.
    pub fn lineage<'a>(&'a self, id: &AreaId) -> impl Iterator<Item = &'a Area> {
        std::iter::successors(self.area(id), |area| area.parent.as_ref().and_then(|parent| self.area(parent)))
    }

    /// `descendant` is `ancestor` or lies in it. An unknown area contains nothing and lies in nothing, not even itself.
    #[must_use]
    pub fn contains(&self, ancestor: &AreaId, descendant: &AreaId) -> bool {
        self.lineage(descendant).any(|area| area.id == *ancestor)
    }

    fn parent_problem(&self, area: &Area) -> Option<AreaError> {
        let parent = area.parent.as_ref()?;
        let Some(found) = self.area(parent) else {
            return Some(AreaError::UnknownParent { id: area.id.clone(), parent: parent.clone() });
        };
        let is_above = found.kind < area.kind || found.id == area.id;
        (!is_above).then(|| AreaError::Tier {
            id: area.id.clone(),
            kind: area.kind,
            parent: parent.clone(),
            parent_kind: found.kind,
        })
    }

    /// Each circle once, named by its first area.
    fn circles(&self) -> Vec<AreaError> {
        let mut found = Vec::new();
        let mut settled = HashSet::new();
        for start in &self.areas {
            let mut path: Vec<AreaId> = Vec::new();
            let mut here = Some(start);
            while let Some(area) = here {
                if let Some(first) = path.iter().position(|id| *id == area.id) {
                    if !settled.contains(&area.id) {
                        let mut circle = path.split_off(first);
                        circle.push(area.id.clone());
                        path.extend(circle.iter().cloned());
                        found.push(AreaError::Cycle { id: area.id.clone(), path: circle });
                    }
                    break;
                }
                if settled.contains(&area.id) {
                    break;
                }
                path.push(area.id.clone());
                here = area.parent.as_ref().and_then(|parent| self.area(parent));
            }
            settled.extend(path);
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(text: &str) -> AreaId {
        AreaId::new(text).unwrap()
    }

    fn area(name: &str, parent: Option<&str>, kind: AreaKind) -> Area {
        Area { id: id(name), name: name.into(), parent: parent.map(id), kind }
    }

    #[test]
    fn an_area_contains_itself_and_what_lies_in_it() {
        let tree = AreaTree::new(vec![
            area("grid-1", Some("east"), AreaKind::Grid),
            area("town", None, AreaKind::Township),
            area("east", Some("town"), AreaKind::Village),
            area("west", Some("town"), AreaKind::Village),
        ])
        .unwrap();
        let check = |a: &str, d: &str, expected| {
            assert_eq!(tree.contains(&id(a), &id(d)), expected, "{a} contains {d}")
        };
        check("town", "grid-1", true);
        check("east", "grid-1", true);
        check("grid-1", "grid-1", true);
        check("west", "grid-1", false);
        check("grid-1", "town", false);
        check("nowhere", "grid-1", false);
        check("town", "nowhere", false);
        check("nowhere", "nowhere", false);
        assert_eq!(tree.parent(&id("east")).map(|a| a.id.as_str()), Some("town"));
        assert_eq!(tree.parent(&id("town")), None);
    }

    #[test]
    fn all_problems_are_reported_at_once() {
        let problems = AreaTree::new(vec![
            area("a", Some("nowhere"), AreaKind::Village),
            area("a", None, AreaKind::Village),
            area("b", Some("b"), AreaKind::Village),
            area("town", Some("village"), AreaKind::Township),
            area("village", None, AreaKind::Village),
        ])
        .unwrap_err();
        let texts: Vec<String> = problems.iter().map(ToString::to_string).collect();
        assert_eq!(
            texts,
            [
                "area `a` is declared twice",
                "area `a` lies in `nowhere`, which is not declared",
                "area `town` is a township and cannot lie in `village`, a village",
                "area `b` lies in itself: b in b",
            ]
        );
    }

    #[test]
    fn a_circle_is_named_once_and_what_hangs_on_it_is_not() {
        let problems = AreaTree::new(vec![
            area("leaf", Some("x"), AreaKind::Grid),
            area("x", Some("y"), AreaKind::Village),
            area("y", Some("z"), AreaKind::Township),
            area("z", Some("x"), AreaKind::County),
        ])
        .unwrap_err();
        let circles: Vec<_> = problems.iter().filter(|p| matches!(p, AreaError::Cycle { .. })).collect();
        assert_eq!(circles.len(), 1, "{circles:?}");
        assert_eq!(circles[0].to_string(), "area `x` lies in itself: x in y in z in x");
    }
}
