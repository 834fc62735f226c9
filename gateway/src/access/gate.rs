//! The one gate: may this viewer do this to that? Cedar policies, deny by default, fail closed.

use std::collections::{HashMap, HashSet};

use cedar_policy::{
    Authorizer, Context, Decision, Entities, Entity, EntityId, EntityTypeName, EntityUid, PolicySet, Request,
    RestrictedExpression, Schema, ValidationMode, Validator,
};
use sharpeyes_domain::{
    access::{Action, FootagePurpose},
    area::AreaTree,
    ids::{AreaId, CameraId, IncidentId},
    incident::Assignment,
};

use super::viewer::Viewer;

const POLICY: &str = include_str!("policies/policy.cedar");
const SCHEMA: &str = include_str!("policies/schema.cedarschema");
/// The only entity of type `Site`.
const SITE: &str = "site";

/// Why the policies could not be used; until they can, everything is denied.
#[derive(Debug, thiserror::Error)]
pub enum PolicyError {
    /// The schema does not parse.
    #[error("the policy schema does not parse: {0}")]
    Schema(String),
    /// The policies do not parse.
    #[error("the policies do not parse: {0}")]
    Policy(String),
    /// The policies ask for what the schema does not have.
    #[error("the policies do not fit the schema: {0}")]
    Invalid(String),
    /// No policy at all would also deny all, but silently.
    #[error("there is no policy")]
    Empty,
}

/// What an action is done to, as loaded: never as named by a request.
#[derive(Clone, Copy, Debug)]
pub enum Object<'a> {
    /// The site as a whole: does the role have the verb at all?
    Site,
    /// An area of the tree: for lists of areas.
    Area {
        /// Which.
        id: &'a AreaId,
    },
    /// A camera in its area.
    Camera {
        /// Which.
        id: &'a CameraId,
        /// Where.
        area: &'a AreaId,
    },
    /// An incident in its area, and with its units.
    Incident {
        /// Which.
        id: IncidentId,
        /// Where.
        area: &'a AreaId,
        /// Who was told.
        told: &'a [Assignment],
    },
}

impl Object<'_> {
    /// `incident/17`, as in the audit log.
    #[must_use]
    pub fn label(&self) -> String {
        match self {
            Self::Site => SITE.to_owned(),
            Self::Area { id } => format!("area/{id}"),
            Self::Camera { id, .. } => format!("camera/{id}"),
            Self::Incident { id, .. } => format!("incident/{id}"),
        }
    }
}

/// What something is done for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// The daily work of the role.
    Duty,
    /// Work on this incident.
    Incident(IncidentId),
    /// Looking at a camera now.
    LiveWatch,
    /// Looking at a camera's recording, for a reason that was given.
    Footage(FootagePurpose),
}

impl Purpose {
    /// `duty`, `incident/17`, `live`, `footage/retrieval`: a code, never free text.
    #[must_use]
    pub fn label(self) -> String {
        match self {
            Self::Duty => "duty".to_owned(),
            Self::Incident(id) => format!("incident/{id}"),
            Self::LiveWatch => "live".to_owned(),
            Self::Footage(reason) => format!("footage/{}", reason.as_str()),
        }
    }
}

/// The gate said yes. Only [`Gate::authorise`] makes one.
#[derive(Debug)]
#[must_use = "permission that nothing asked for"]
pub struct Allowed(());

/// The gate said no.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// No policy permits it, or one forbids it.
    #[error("denied by policy")]
    Policy,
    /// The policies could not be loaded or evaluated: everything is denied.
    #[error("denied: the policies cannot be evaluated")]
    Broken,
}

/// Evaluates the policies. One per process.
pub struct Gate {
    /// Invariant: `None` denies everything.
    engine: Option<Engine>,
    areas: AreaTree,
}

struct Engine {
    authoriser: Authorizer,
    policies: PolicySet,
    schema: Schema,
    kinds: Kinds,
}

/// Type names, parsed once.
struct Kinds {
    viewer: EntityTypeName,
    role: EntityTypeName,
    area: EntityTypeName,
    site: EntityTypeName,
    camera: EntityTypeName,
    incident: EntityTypeName,
    unit: EntityTypeName,
    action: EntityTypeName,
}

impl Gate {
    /// The gate with the policies that ship with the product.
    #[must_use]
    pub fn new(areas: AreaTree) -> Self {
        Self::from_text(POLICY, SCHEMA, areas)
    }

    /// A gate from texts. Policies that do not hold leave a gate that denies everything, and one error in the log.
    #[must_use]
    pub fn from_text(policies: &str, schema: &str, areas: AreaTree) -> Self {
        let engine = Engine::load(policies, schema)
            .inspect_err(|error| tracing::error!(%error, "policies refused: everything is denied"))
            .ok();
        Self { engine, areas }
    }

    /// Nothing is permitted to anyone because the policies could not be loaded.
    #[must_use]
    pub const fn is_broken(&self) -> bool {
        self.engine.is_none()
    }

    /// The area tree that the policies are evaluated in.
    #[must_use]
    pub const fn areas(&self) -> &AreaTree {
        &self.areas
    }

    /// May `viewer` do `action` to `object` for `purpose`? Every exit of the gateway asks this.
    ///
    /// # Errors
    /// [`Denied`] unless a policy permits it, none forbids it, and all could be evaluated.
    pub fn authorise(
        &self,
        viewer: &Viewer,
        action: Action,
        object: &Object<'_>,
        purpose: Purpose,
    ) -> Result<Allowed, Denied> {
        let engine = self.engine.as_ref().ok_or(Denied::Broken)?;
        let answer = engine.ask(viewer, action, object, purpose, &self.areas).map_err(|error| {
            tracing::error!(error = %*error, action = action.as_str(), "an authorisation could not be evaluated");
            Denied::Broken
        })?;
        match answer {
            Decision::Allow => Ok(Allowed(())),
            Decision::Deny => Err(Denied::Policy),
        }
    }
}

type EvaluationError = Box<dyn std::error::Error + Send + Sync>;

impl Engine {
    fn load(policies: &str, schema: &str) -> Result<Self, PolicyError> {
        let (schema, _) =
            Schema::from_cedarschema_str(schema).map_err(|error| PolicyError::Schema(error.to_string()))?;
        let policies: PolicySet = policies
            .parse()
            .map_err(|error: cedar_policy::ParseErrors| PolicyError::Policy(error.to_string()))?;
        if policies.is_empty() {
            return Err(PolicyError::Empty);
        }
        let validator = Validator::new(schema.clone());
        let verdict = validator.validate(&policies, ValidationMode::Strict);
        if !verdict.validation_passed_without_warnings() {
            let problems: Vec<String> = verdict
                .validation_errors()
                .map(ToString::to_string)
                .chain(verdict.validation_warnings().map(ToString::to_string))
                .collect();
            return Err(PolicyError::Invalid(problems.join("; ")));
        }
        let kind =
            |name: &str| name.parse::<EntityTypeName>().map_err(|e| PolicyError::Schema(e.to_string()));
        let kinds = Kinds {
            viewer: kind("Viewer")?,
            role: kind("Role")?,
            area: kind("Area")?,
            site: kind("Site")?,
            camera: kind("Camera")?,
            incident: kind("Incident")?,
            unit: kind("Unit")?,
            action: kind("Action")?,
        };
        Ok(Self { authoriser: Authorizer::new(), policies, schema, kinds })
    }

    fn ask(
        &self,
        viewer: &Viewer,
        action: Action,
        object: &Object<'_>,
        purpose: Purpose,
        areas: &AreaTree,
    ) -> Result<Decision, EvaluationError> {
        let parties = self.parties(viewer, object, areas)?;
        // Not checked against the schema at each question, which doubles its cost: a test does, for all that is built.
        let entities = Entities::from_entities(parties.entities, None)?;
        let context =
            Context::from_pairs([("purpose".to_owned(), RestrictedExpression::new_string(purpose.label()))])?;
        let action = uid(&self.kinds.action, action.as_str());
        let request = Request::new(parties.viewer, action, parties.object, context, Some(&self.schema))?;
        let response = self.authoriser.is_authorized(&request, &self.policies, &entities);
        if let Some(error) = response.diagnostics().errors().next() {
            return Err(error.to_string().into());
        }
        Ok(response.decision())
    }

    fn parties(
        &self,
        viewer: &Viewer,
        object: &Object<'_>,
        areas: &AreaTree,
    ) -> Result<Parties, EvaluationError> {
        let kinds = &self.kinds;
        let role = uid(&kinds.role, viewer.role.as_str());
        let asking = uid(&kinds.viewer, &viewer.account.to_string());
        let own = viewer
            .areas
            .iter()
            .map(|area| RestrictedExpression::new_entity_uid(uid(&kinds.area, area.as_str())));
        let mut attributes = HashMap::from([("areas".to_owned(), RestrictedExpression::new_set(own))]);
        if let Some(unit) = &viewer.unit {
            let unit = uid(&kinds.unit, unit.as_str());
            attributes.insert("unit".to_owned(), RestrictedExpression::new_entity_uid(unit));
        }
        let mut entities = vec![
            Entity::new(asking.clone(), attributes, HashSet::from([role.clone()]))?,
            Entity::new_no_attrs(role, HashSet::new()),
        ];
        let (resource, place) = match object {
            Object::Site => (uid(&kinds.site, SITE), None),
            Object::Area { id } => (uid(&kinds.area, id.as_str()), Some(*id)),
            Object::Camera { id, area } => (uid(&kinds.camera, id.as_str()), Some(*area)),
            Object::Incident { id, area, .. } => (uid(&kinds.incident, &id.to_string()), Some(*area)),
        };
        // Only the branch of the tree that the object hangs on: a viewer's other areas decide nothing here.
        for node in place.into_iter().flat_map(|area| areas.lineage(area)) {
            let parent = node.parent.iter().map(|parent| uid(&kinds.area, parent.as_str())).collect();
            entities.push(Entity::new_no_attrs(uid(&kinds.area, node.id.as_str()), parent));
        }
        // An area is in the tree already.
        if !matches!(object, Object::Area { .. }) {
            let told = match object {
                Object::Incident { told, .. } => *told,
                Object::Site | Object::Area { .. } | Object::Camera { .. } => &[],
            };
            let units =
                told.iter().filter(|one| one.is_seen()).map(|one| uid(&kinds.unit, one.unit.as_str()));
            let parents = place.iter().map(|area| uid(&kinds.area, area.as_str())).chain(units).collect();
            entities.push(Entity::new_no_attrs(resource.clone(), parents));
        }
        Ok(Parties { viewer: asking, object: resource, entities })
    }
}

/// Who asks, about what, and all that is known of both.
struct Parties {
    viewer: EntityUid,
    object: EntityUid,
    entities: Vec<Entity>,
}

fn uid(kind: &EntityTypeName, id: &str) -> EntityUid {
    EntityUid::from_type_name_and_id(kind.clone(), EntityId::new(id))
}

#[cfg(test)]
mod tests {
    use sharpeyes_domain::{
        access::{ResourceKind, Role},
        area::{Area, AreaKind},
        ids::{AccountId, UnitId},
        time::WallTime,
    };

    use super::*;
    use crate::access::viewer::{Language, SessionId};

    fn area(id: &str) -> AreaId {
        AreaId::new(id).unwrap()
    }

    /// `town` contains `east` and `west`; `east` contains `grid`.
    fn tree() -> AreaTree {
        let node = |id: &str, parent: Option<&str>, kind| Area {
            id: area(id),
            name: id.to_owned(),
            parent: parent.map(area),
            kind,
        };
        AreaTree::new(vec![
            node("town", None, AreaKind::Township),
            node("east", Some("town"), AreaKind::Village),
            node("west", Some("town"), AreaKind::Village),
            node("grid", Some("east"), AreaKind::Grid),
        ])
        .unwrap()
    }

    fn viewer(role: Role, areas: &[&str]) -> Viewer {
        Viewer {
            account: AccountId(1),
            session: SessionId(1),
            name: "v".to_owned(),
            display_name: "V".to_owned(),
            role,
            areas: areas.iter().map(|id| area(id)).collect(),
            unit: (role == Role::Unit).then(|| UnitId::new("patrol").unwrap()),
            language: Language::Chinese,
        }
    }

    fn may(gate: &Gate, viewer: &Viewer, action: Action, place: &str) -> bool {
        may_of(gate, viewer, action, place, &[])
    }

    fn may_of(gate: &Gate, viewer: &Viewer, action: Action, place: &str, told: &[Assignment]) -> bool {
        let camera = CameraId::new("cam").unwrap();
        let place = area(place);
        let object = match action.resource() {
            ResourceKind::Site => Object::Site,
            ResourceKind::Camera => Object::Camera { id: &camera, area: &place },
            ResourceKind::Area => Object::Area { id: &place },
            ResourceKind::Incident => Object::Incident { id: IncidentId(1), area: &place, told },
        };
        gate.authorise(viewer, action, &object, Purpose::Duty).is_ok()
    }

    /// The policy, said a second time and differently: what the Cedar text must come to.
    fn expected(role: Role, action: Action, is_own_area: bool) -> bool {
        use Action as A;
        match action {
            A::SessionOwn | A::InterfaceRead => true,
            A::IncidentWork => role == Role::Operator && is_own_area,
            A::IncidentReport => matches!(role, Role::Operator | Role::Unit) && is_own_area,
            A::ShiftHandOver | A::ConsoleWatch => role == Role::Operator && is_own_area,
            A::StatisticsRead => matches!(role, Role::Operator | Role::Police) && is_own_area,
            A::BulletinMake => role == Role::Operator && is_own_area,
            A::CentreRead => {
                matches!(role, Role::Operator | Role::Police | Role::Unit | Role::Administrator)
            }
            A::OutboundRead | A::OutboundResend => {
                matches!(role, Role::Operator | Role::Technician | Role::Administrator)
            }
            A::IncidentAct | A::LiveView | A::RecordingView | A::HoldManage => {
                role == Role::Operator && is_own_area
            }
            A::RecordingList => matches!(role, Role::Operator | Role::Technician) && is_own_area,
            A::IncidentList | A::IncidentView | A::ClipView | A::TraceView | A::ThumbnailView => {
                matches!(role, Role::Operator | Role::Police) && is_own_area
            }
            A::CameraList => match role {
                Role::Operator | Role::Police | Role::Technician => is_own_area,
                Role::Administrator => true,
                Role::Auditor | Role::Unit => false,
            },
            A::CameraHealth | A::NoiseRead => match role {
                Role::Operator | Role::Technician => is_own_area,
                Role::Administrator => true,
                Role::Police | Role::Auditor | Role::Unit => false,
            },
            A::TicketRead | A::TicketManage => match role {
                Role::Technician => is_own_area,
                Role::Administrator => true,
                Role::Operator | Role::Police | Role::Auditor | Role::Unit => false,
            },
            A::RuleTry => match role {
                Role::Technician => is_own_area,
                Role::Administrator => true,
                Role::Operator | Role::Police | Role::Auditor | Role::Unit => false,
            },
            A::RuleStill => role == Role::Technician && is_own_area,
            A::StorageRead => matches!(role, Role::Technician | Role::Administrator),
            A::StorageManage | A::AccountManage => role == Role::Administrator,
            A::AuditRead => role == Role::Auditor,
        }
    }

    #[test]
    fn nobody_sees_what_lies_in_an_area_of_no_site() {
        let canary = crate::canary::facts().unwrap().area;
        let gate = Gate::new(tree());
        for &role in Role::ALL {
            for action in [Action::IncidentList, Action::IncidentView, Action::ThumbnailView] {
                assert!(!may(&gate, &viewer(role, &["town"]), action, canary.as_str()), "{role} {action}");
            }
        }
    }

    #[test]
    fn every_role_may_do_exactly_what_is_written_down() {
        let gate = Gate::new(tree());
        assert!(!gate.is_broken());
        for &role in Role::ALL {
            let someone = viewer(role, &["east"]);
            for &action in Action::ALL {
                for (place, is_own) in
                    [("east", true), ("grid", true), ("west", false), ("town", false), ("nowhere", false)]
                {
                    let found = may(&gate, &someone, action, place);
                    assert_eq!(found, expected(role, action, is_own), "{role} {action} in {place}");
                }
                let verb = gate.authorise(&someone, action, &Object::Site, Purpose::Duty).is_ok();
                let has_verb = expected(role, action, true) || is_of_told(role, action);
                assert_eq!(verb, has_verb, "{role} has the verb {action}");
            }
        }
    }

    fn told(unit: &str) -> Assignment {
        Assignment::new(UnitId::new(unit).unwrap(), false, WallTime(0))
    }

    /// What a unit may do to the incidents that it was told of, wherever they are.
    fn is_of_told(role: Role, action: Action) -> bool {
        use Action as A;
        let is_told = matches!(
            action,
            A::IncidentList
                | A::IncidentView
                | A::IncidentWork
                | A::ClipView
                | A::TraceView
                | A::ThumbnailView
        );
        role == Role::Unit && is_told
    }

    #[test]
    fn a_unit_sees_what_it_was_told_and_nothing_else() {
        let gate = Gate::new(tree());
        let told = [told("fire"), told("patrol")];
        for &role in Role::ALL {
            let someone = viewer(role, &["east"]);
            for &action in Action::ALL.iter().filter(|action| action.resource() == ResourceKind::Incident) {
                for (place, is_own) in [("east", true), ("west", false)] {
                    let found = may_of(&gate, &someone, action, place, &told);
                    let expected = expected(role, action, is_own) || is_of_told(role, action);
                    assert_eq!(found, expected, "{role} {action} in {place}");
                    let other = may_of(&gate, &someone, action, place, &told[..1]);
                    assert_eq!(
                        other,
                        self::expected(role, action, is_own),
                        "{role} {action} of another unit"
                    );
                }
            }
        }
        let nobody = Viewer { unit: None, ..viewer(Role::Unit, &["east"]) };
        assert!(!may_of(&gate, &nobody, Action::IncidentView, "east", &told));
    }

    #[test]
    fn what_the_gate_is_asked_with_conforms_to_the_schema() {
        let gate = Gate::new(tree());
        let engine = gate.engine.as_ref().unwrap();
        let (camera, grid) = (CameraId::new("cam").unwrap(), area("grid"));
        for &role in Role::ALL {
            for object in [
                Object::Site,
                Object::Area { id: &grid },
                Object::Camera { id: &camera, area: &grid },
                Object::Incident { id: IncidentId(1), area: &grid, told: &[told("patrol")] },
            ] {
                let parties = engine.parties(&viewer(role, &["east", "west"]), &object, &gate.areas).unwrap();
                Entities::from_entities(parties.entities, Some(&engine.schema)).unwrap();
            }
        }
    }

    #[test]
    fn without_an_area_nothing_in_areas_is_seen() {
        let gate = Gate::new(tree());
        assert!(!may(&gate, &viewer(Role::Operator, &[]), Action::IncidentView, "east"));
        assert!(may(&gate, &viewer(Role::Operator, &["town"]), Action::IncidentView, "grid"));
        assert!(may(&gate, &viewer(Role::Operator, &["west", "grid"]), Action::ClipView, "grid"));
        assert!(!may(&gate, &viewer(Role::Operator, &["west", "grid"]), Action::ClipView, "east"));
    }

    #[test]
    fn policies_that_do_not_hold_deny_everything() {
        let check = |policies: &str, schema: &str| {
            let gate = Gate::from_text(policies, schema, tree());
            assert!(gate.is_broken(), "{policies}");
            for &role in Role::ALL {
                for &action in Action::ALL {
                    assert!(!may(&gate, &viewer(role, &["town"]), action, "east"), "{role} {action}");
                }
            }
        };
        check("", SCHEMA);
        check("permit (principal, action, resource", SCHEMA);
        check(&POLICY[..POLICY.len() / 2], SCHEMA);
        // A word that the schema does not have is found before anybody asks, not when someone does.
        check(&POLICY.replace("incident.view", "incident.veiw"), SCHEMA);
        check(&POLICY.replace("principal.areas", "principal.area"), SCHEMA);
        check("permit (principal, action, resource) when { resource.area == 1 };", SCHEMA);
        check(POLICY, "entity Viewer;");
        check(POLICY, "not a schema");
    }

    #[test]
    fn a_forbid_beats_a_permit_that_someone_adds_later() {
        let policies = format!("{POLICY}\npermit (principal in Role::\"administrator\", action, resource);");
        let gate = Gate::from_text(&policies, SCHEMA, tree());
        let administrator = viewer(Role::Administrator, &["town"]);
        assert!(may(&gate, &administrator, Action::IncidentView, "east"));
        assert!(!may(&gate, &administrator, Action::ClipView, "east"));
        assert!(!may(&gate, &administrator, Action::LiveView, "east"));
    }
}
