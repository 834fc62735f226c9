//! The gate as handlers meet it: the only way from an id in a request to the thing itself.
//!
//! A [`Guard`] is made by the registration of a route, for the action that the route declares. Loading through it
//! authorises the loaded thing; a refusal is written to the audit log and looks as if the thing were not there.

use std::{
    collections::{BTreeSet, HashMap},
    net::SocketAddr,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use axum::{
    extract::{ConnectInfo, FromRequestParts},
    http::{Extensions, request::Parts},
};
use sharpeyes_config::Camera;
use sharpeyes_domain::{
    access::{Action, Role},
    ids::{AreaId, CameraId, IncidentId, UnitId},
    time::WallTime,
};

use super::{error::ApiError, state::ApiState};
use crate::{
    access::{
        gate::{Allowed, Denied, Object, Purpose},
        viewer::{SessionId, Viewer},
    },
    store::{
        audit::{AuditEntry, Outcome},
        dispatch::{IncidentDetail, IncidentRow},
    },
};

/// Requests for pieces of the same thing within this time of the last one are one look at it, and one audit row.
const SAME_LOOK: Duration = Duration::from_mins(5);
/// Looks remembered; past that the oldest are forgotten, which costs a further audit row and nothing else.
const LOOKS: usize = 10_000;

/// Where a request comes from.
#[derive(Clone, Debug)]
pub(super) struct Caller {
    /// The peer's address without its port. Headers that proxies add are not believed.
    pub(super) source: String,
}

impl Caller {
    pub(super) fn of(extensions: &Extensions) -> Self {
        let peer = extensions.get::<ConnectInfo<SocketAddr>>();
        Self {
            source: peer.map_or_else(|| "unknown".to_owned(), |peer| peer.0.ip().to_canonical().to_string()),
        }
    }
}

impl FromRequestParts<ApiState> for Caller {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &ApiState) -> Result<Self, Self::Rejection> {
        Ok(Self::of(&parts.extensions))
    }
}

/// A viewer whose role has the verb that the route declares.
#[derive(Clone)]
pub(super) struct Guard {
    pub(super) state: ApiState,
    pub(super) viewer: Viewer,
    pub(super) source: String,
    action: Action,
}

impl FromRequestParts<ApiState> for Guard {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &ApiState) -> Result<Self, ApiError> {
        // Without a registration that declares an action there is no guard, and so nothing to load things with.
        parts.extensions.get::<Self>().cloned().ok_or(ApiError::Denied)
    }
}

impl Guard {
    /// Does the viewer's role have the verb at all? If not, 403 and a row in the audit log.
    pub(super) async fn admit(
        state: ApiState,
        viewer: Viewer,
        action: Action,
        caller: Caller,
    ) -> Result<Self, ApiError> {
        let guard = Self { state, viewer, source: caller.source, action };
        match guard.ask(action, &Object::Site, Purpose::Duty) {
            Ok(allowed) => {
                drop(allowed);
                Ok(guard)
            }
            Err(denied) => {
                guard.refused(&Object::Site, Purpose::Duty).await?;
                Err(match denied {
                    Denied::Policy => ApiError::Denied,
                    Denied::Broken => ApiError::PolicyUnavailable,
                })
            }
        }
    }

    /// The route's.
    pub(super) const fn action(&self) -> Action {
        self.action
    }

    /// The camera, if the viewer may do the route's action to it.
    pub(super) async fn camera(&self, id: &str, purpose: Purpose) -> Result<(&Camera, Allowed), ApiError> {
        let id = CameraId::new(id).map_err(|_| ApiError::NotFound)?;
        let camera = self.state.site.camera(&id).ok_or(ApiError::NotFound)?;
        let allowed = self.allow(&of_camera(camera), purpose).await?;
        Ok((camera, allowed))
    }

    /// A camera that the site names no more, but footage or holds do, if the viewer may do the route's action everywhere:
    /// nobody knows where it was.
    pub(super) async fn unnamed_camera<'a>(&'a self, id: &'a CameraId) -> Result<Object<'a>, ApiError> {
        let mut object = None;
        for area in self.roots() {
            let here = Object::Camera { id, area };
            let _allowed = self.allow(&here, Purpose::Duty).await?;
            object = Some(here);
        }
        object.ok_or(ApiError::NotFound)
    }

    /// For lists: the same. A no is not an event.
    pub(super) fn sees_unnamed_camera(&self, id: &CameraId, action: Action) -> bool {
        let mut roots = self.roots().peekable();
        roots.peek().is_some() && roots.all(|area| self.may(action, &Object::Camera { id, area }))
    }

    fn roots(&self) -> impl Iterator<Item = &AreaId> {
        let areas = self.state.site.areas.areas().iter();
        areas.filter(|area| area.parent.is_none()).map(|area| &area.id)
    }

    /// The incident, if the viewer may do the route's action to it.
    pub(super) async fn incident(&self, id: &str) -> Result<(IncidentRow, Allowed), ApiError> {
        let id = incident_id(id)?;
        let row = self.state.dispatch.incident_row(id).await?.ok_or(ApiError::NotFound)?;
        let allowed = self.allow(&of_incident(&row), Purpose::Incident(id)).await?;
        Ok((row, allowed))
    }

    /// The incident with alarms and history, if the viewer may do the route's action to it.
    pub(super) async fn incident_detail(&self, id: &str) -> Result<(IncidentDetail, Allowed), ApiError> {
        let id = incident_id(id)?;
        let detail = self.state.dispatch.incident(id).await?.ok_or(ApiError::NotFound)?;
        let allowed = self.allow(&of_incident(&detail.row), Purpose::Incident(id)).await?;
        Ok((detail, allowed))
    }

    /// As [`Guard::incident_detail`], with no more of alarms and history than one looks at.
    pub(super) async fn incident_head(&self, id: &str) -> Result<(IncidentDetail, Allowed), ApiError> {
        let id = incident_id(id)?;
        let detail = self.state.dispatch.incident_head(id).await?.ok_or(ApiError::NotFound)?;
        let allowed = self.allow(&of_incident(&detail.row), Purpose::Incident(id)).await?;
        Ok((detail, allowed))
    }

    /// For live updates: may the viewer see this one? A no is not an event.
    pub(super) fn sees_incident(&self, row: &IncidentRow) -> bool {
        self.ask(self.action, &of_incident(row), Purpose::Duty).is_ok()
    }

    /// Those that the viewer may see. A question costs about a tenth of a millisecond, too much for a list on a
    /// thread that others wait for.
    pub(super) async fn seen_incidents(&self, rows: Vec<IncidentRow>) -> Result<Vec<IncidentRow>, ApiError> {
        let guard = self.clone();
        let seen = move || {
            // What decides is where it is and who was told: rows that are alike in that are asked about once.
            let mut known: HashMap<(AreaId, Vec<UnitId>), bool> = HashMap::new();
            let sees = |row: &IncidentRow| {
                let told = row.status.assignments.iter().filter(|one| one.is_seen());
                let key = (row.area.clone(), told.map(|one| one.unit.clone()).collect());
                *known.entry(key).or_insert_with(|| guard.sees_incident(row))
            };
            rows.into_iter().filter(sees).collect()
        };
        tokio::task::spawn_blocking(seen).await.map_err(|error| ApiError::Internal(Box::new(error)))
    }

    /// For lists: may the viewer do `action` to this camera? A no is not an event.
    pub(super) fn sees_camera(&self, camera: &Camera, action: Action) -> bool {
        self.ask(action, &of_camera(camera), Purpose::Duty).is_ok()
    }

    /// For parts of an answer: may the viewer do `action` to this? A no is not an event.
    pub(super) fn may(&self, action: Action, object: &Object<'_>) -> bool {
        self.ask(action, object, Purpose::Duty).is_ok()
    }

    /// The viewer may do the route's action in this area.
    pub(super) async fn acts_in(&self, area: &AreaId) -> Result<(), ApiError> {
        let _allowed = self.allow(&Object::Area { id: area }, Purpose::Duty).await?;
        Ok(())
    }

    /// Somebody else, who signs at this viewer's desk, if their role has the route's verb at all.
    pub(super) async fn signer(&self, viewer: Viewer) -> Result<Self, ApiError> {
        let signer = Self { viewer, ..self.clone() };
        if signer.may(signer.action, &Object::Site) {
            return Ok(signer);
        }
        signer.refused(&Object::Site, Purpose::Duty).await?;
        Err(ApiError::Denied)
    }

    /// For parts of an answer that another action decides about.
    pub(super) fn asking(&self, action: Action) -> Self {
        Self { action, ..self.clone() }
    }

    /// May the viewer do the route's action in all of these areas? In none of none.
    pub(super) fn covers(&self, areas: &[AreaId]) -> bool {
        !areas.is_empty() && areas.iter().all(|area| self.sees_area(area))
    }

    /// As [`Guard::covers`]; a no is written down and looks as if the thing were not there.
    pub(super) async fn needs_all(&self, areas: &[AreaId]) -> Result<(), ApiError> {
        if areas.is_empty() {
            return Err(ApiError::NotFound);
        }
        for area in areas {
            let _allowed = self.allow(&Object::Area { id: area }, Purpose::Duty).await?;
        }
        Ok(())
    }

    /// Of these areas those in whose incidents the viewer may do `action`, whoever was told of them.
    pub(super) async fn areas_of(
        &self,
        action: Action,
        areas: BTreeSet<AreaId>,
    ) -> Result<BTreeSet<AreaId>, ApiError> {
        let guard = self.clone();
        // As many questions as areas: not on a thread that others wait for.
        let seen = move || {
            let may =
                |area: &AreaId| guard.may(action, &Object::Incident { id: IncidentId(0), area, told: &[] });
            areas.into_iter().filter(may).collect()
        };
        tokio::task::spawn_blocking(seen).await.map_err(|error| ApiError::Internal(Box::new(error)))
    }

    /// For lists: may the viewer do the route's action in this area? A no is not an event.
    pub(super) fn sees_area(&self, area: &AreaId) -> bool {
        self.ask(self.action, &Object::Area { id: area }, Purpose::Duty).is_ok()
    }

    /// Every area that the viewer is responsible for: what the database is asked for, before each row is authorised.
    pub(super) fn areas(&self) -> BTreeSet<AreaId> {
        self.viewer.areas.iter().flat_map(|root| self.state.site.area_subtree(root)).collect()
    }

    /// For lists of incidents: what the database is asked for, before each row is authorised. People of units are told
    /// of what their unit was told of, wherever it is; the others of what lies in their areas.
    pub(super) fn reach(&self) -> Reach {
        if self.viewer.role == Role::Unit {
            return Reach { areas: None, unit: self.viewer.unit.clone() };
        }
        let areas = self.areas();
        // Whoever sees all areas need not be asked about each.
        let is_all = areas.len() == self.state.site.areas.areas().len();
        Reach { areas: (!is_all).then_some(areas), unit: None }
    }

    /// For live updates: an incident that the viewer may not see (any more), and may have seen before: while it lay in one
    /// of their areas, or while their unit had a part in it.
    pub(super) fn may_have_seen(&self, row: &IncidentRow) -> bool {
        if self.viewer.role == Role::Unit {
            return row.status.assignments.iter().any(|one| Some(&one.unit) == self.viewer.unit.as_ref());
        }
        // One of an older release knows only where its camera is.
        let camera = row.camera.as_ref().and_then(|camera| self.state.site.camera(&camera.id));
        let camera = camera.map(|camera| &camera.area).filter(|area| **area != row.area);
        let mut past = row.past_areas.iter().chain(camera).peekable();
        past.peek().is_some() && {
            let own = self.areas();
            past.any(|area| own.contains(area))
        }
    }

    /// Writes down a look at pictures. Bytes flow only after this returned `Ok`.
    pub(super) async fn looked(
        &self,
        _allowed: &Allowed,
        object: &Object<'_>,
        purpose: Purpose,
        detail: String,
    ) -> Result<(), ApiError> {
        self.written(object, purpose, detail, object.label()).await
    }

    /// Writes down a look at a part of a recording, which `detail` names: a look at another part, or for another
    /// purpose, is another look.
    pub(super) async fn looked_at_part(
        &self,
        _allowed: &Allowed,
        object: &Object<'_>,
        purpose: Purpose,
        detail: String,
    ) -> Result<(), ApiError> {
        let what = format!("{} {} {detail}", object.label(), purpose.label());
        self.written(object, purpose, detail, what).await
    }

    /// Writes down a refusal that is not the gate's.
    pub(super) async fn turned_away(
        &self,
        object: &Object<'_>,
        purpose: Purpose,
        detail: String,
    ) -> Result<(), ApiError> {
        let entry = self.entry(object, purpose, Outcome::Denied, detail);
        self.state.accounts.audit().append(entry).await?;
        Ok(())
    }

    async fn written(
        &self,
        object: &Object<'_>,
        purpose: Purpose,
        detail: String,
        what: String,
    ) -> Result<(), ApiError> {
        let now = self.state.clock.wall();
        let look = (self.viewer.session, self.action, what);
        if self.state.views().is_continued(&look, now) {
            return Ok(());
        }
        let entry = self.entry(object, purpose, Outcome::Allowed, detail);
        self.state.accounts.audit().append(entry).await?;
        self.state.views().remember(look, now);
        Ok(())
    }

    fn ask(&self, action: Action, object: &Object<'_>, purpose: Purpose) -> Result<Allowed, Denied> {
        self.state.gate.authorise(&self.viewer, action, object, purpose)
    }

    async fn allow(&self, object: &Object<'_>, purpose: Purpose) -> Result<Allowed, ApiError> {
        match self.ask(self.action, object, purpose) {
            Ok(allowed) => Ok(allowed),
            Err(Denied::Policy) => {
                self.refused(object, purpose).await?;
                Err(ApiError::NotFound)
            }
            Err(Denied::Broken) => {
                self.refused(object, purpose).await?;
                Err(ApiError::PolicyUnavailable)
            }
        }
    }

    async fn refused(&self, object: &Object<'_>, purpose: Purpose) -> Result<(), ApiError> {
        self.turned_away(object, purpose, String::new()).await
    }

    pub(super) fn entry(
        &self,
        object: &Object<'_>,
        purpose: Purpose,
        outcome: Outcome,
        detail: String,
    ) -> AuditEntry {
        AuditEntry {
            at: self.state.clock.wall(),
            account: Some(self.viewer.account),
            name: self.viewer.name.clone(),
            role: Some(self.viewer.role),
            action: self.action.as_str().to_owned(),
            object: object.label(),
            purpose: purpose.label(),
            source: self.source.clone(),
            outcome,
            detail,
        }
    }
}

/// Which incidents a viewer can have anything to do with.
pub(super) struct Reach {
    /// Only in these; `None`: anywhere.
    pub(super) areas: Option<BTreeSet<AreaId>>,
    /// Only what this unit was told of.
    pub(super) unit: Option<UnitId>,
}

/// A camera as the gate sees it.
pub(super) fn of_camera(camera: &Camera) -> Object<'_> {
    Object::Camera { id: &camera.id, area: &camera.area }
}

/// An incident as the gate sees it.
pub(super) fn of_incident(row: &IncidentRow) -> Object<'_> {
    Object::Incident { id: row.id(), area: &row.area, told: &row.status.assignments }
}

fn incident_id(text: &str) -> Result<IncidentId, ApiError> {
    text.parse().map(IncidentId).map_err(|_| ApiError::NotFound)
}

type Look = (SessionId, Action, String);

/// Who looked at what a moment ago: a player asks for a clip in dozens of pieces.
#[derive(Default)]
pub(super) struct Views(Mutex<HashMap<Look, WallTime>>);

impl Views {
    /// The same look was already written down; it goes on.
    fn is_continued(&self, look: &Look, now: WallTime) -> bool {
        let mut looks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(last) = looks.get_mut(look) else { return false };
        let is_continued = now >= *last && now.since(*last) < SAME_LOOK;
        if is_continued {
            *last = now;
        }
        is_continued
    }

    fn remember(&self, look: Look, now: WallTime) {
        let mut looks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if looks.len() >= LOOKS {
            looks.retain(|_, last| now.since(*last) < SAME_LOOK);
            if looks.len() >= LOOKS {
                looks.clear();
            }
        }
        looks.insert(look, now);
    }
}
