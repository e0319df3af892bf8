//! What the sample server keeps: two data stores with invented image sets, and the jobs that were started.
//! It is memory only and holds no real patient's data; nothing here ever reaches another machine.

use serde_json::{Value, json};

use super::rpc::put;

/// A data store that takes imports.
pub const RESEARCH: &str = "research000000000000000000000001";
/// A second data store, so that policies can tell them apart.
pub const CLINICAL: &str = "clinical000000000000000000000001";

/// More jobs than any demonstration starts; beyond it the server is full and says so.
const MAX_JOBS: usize = 100_000;

/// A job that was started.
#[derive(Debug, Clone)]
struct Job {
    id: String,
    datastore: String,
    name: Option<String>,
    /// Where it reads from or writes to.
    uri: String,
    n_looks: u32,
}

impl Job {
    /// A job makes progress each time somebody looks at it, which needs no clock.
    fn status(&self) -> &'static str {
        match self.n_looks {
            0 => "SUBMITTED",
            1 => "IN_PROGRESS",
            _ => "COMPLETED",
        }
    }

    fn summary(&self) -> Value {
        json!({ "job_id": self.id, "job_name": self.name, "job_status": self.status(), "datastore_id": self.datastore })
    }
}

/// An invented image set.
#[derive(Debug, Clone)]
struct ImageSet {
    id: String,
    datastore: &'static str,
    modality: &'static str,
}

/// Everything that the server keeps.
#[derive(Debug, Clone)]
pub struct Imaging {
    imports: Vec<Job>,
    exports: Vec<Job>,
    image_sets: Vec<ImageSet>,
}

impl Default for Imaging {
    fn default() -> Self {
        let mut image_sets = Vec::new();
        for (index, modality) in ["CT", "MR", "CT", "US", "XA", "MR"].into_iter().enumerate() {
            let datastore = if index % 2 == 0 { RESEARCH } else { CLINICAL };
            image_sets.push(ImageSet { id: format!("{:032x}", 0xa0 + index), datastore, modality });
        }
        Self { imports: Vec::new(), exports: Vec::new(), image_sets }
    }
}

/// What a tool answers: data, or what is wrong, in words for a model.
pub type Outcome = Result<Value, String>;

impl Imaging {
    /// How many import jobs were ever started.
    #[must_use]
    pub fn n_imports(&self) -> usize {
        self.imports.len()
    }

    /// How many export jobs were ever started.
    #[must_use]
    pub fn n_exports(&self) -> usize {
        self.exports.len()
    }

    /// The data stores, all of which are active.
    #[must_use]
    pub fn datastores(&self, status: Option<&str>) -> Value {
        let all = [(RESEARCH, "research"), (CLINICAL, "clinical")];
        let shown = all.iter().filter(|_| status.is_none_or(|status| status == "ACTIVE"));
        let summary = |(id, name): &(&str, &str)| json!({ "datastore_id": id, "datastore_name": name, "datastore_status": "ACTIVE" });
        json!({ "datastore_summaries": shown.map(summary).collect::<Vec<_>>() })
    }

    /// Image sets of a data store.
    ///
    /// # Errors
    /// When there is no such data store.
    pub fn search(&self, datastore: &str, modality: Option<&str>, n_most: usize) -> Outcome {
        check_datastore(datastore)?;
        let found = self.image_sets.iter().filter(|image_set| image_set.datastore == datastore);
        let found = found.filter(|image_set| modality.is_none_or(|modality| image_set.modality == modality));
        let summary = |image_set: &ImageSet| json!({ "image_set_id": image_set.id, "version": 1, "modality": image_set.modality });
        Ok(json!({ "image_sets_metadata_summaries": found.take(n_most).map(summary).collect::<Vec<_>>() }))
    }

    /// Starts an import.
    ///
    /// # Errors
    /// When there is no such data store or the source is no bucket.
    pub fn start_import(&mut self, datastore: &str, input: &str, name: Option<&str>) -> Outcome {
        start(&mut self.imports, 0x1000, datastore, ("input_s3_uri", input), name)
    }

    /// Starts an export.
    ///
    /// # Errors
    /// When there is no such data store or the target is no bucket.
    pub fn start_export(&mut self, datastore: &str, output: &str, name: Option<&str>) -> Outcome {
        start(&mut self.exports, 0x2000, datastore, ("output_s3_uri", output), name)
    }

    /// One import job, which makes progress by being looked at.
    ///
    /// # Errors
    /// When there is no such job.
    pub fn import_job(&mut self, datastore: &str, id: &str) -> Outcome {
        check_datastore(datastore)?;
        let found = self.imports.iter_mut().find(|job| job.id == id && job.datastore == datastore);
        let job =
            found.ok_or("there is no such import job; list_dicom_import_jobs shows those that exist")?;
        let mut properties = job.summary();
        put(&mut properties, "input_s3_uri", job.uri.clone());
        job.n_looks = job.n_looks.saturating_add(1);
        Ok(json!({ "job_properties": properties }))
    }

    /// The import jobs of a data store, the newest first.
    ///
    /// # Errors
    /// When there is no such data store.
    pub fn import_jobs(&self, datastore: &str, status: Option<&str>, n_most: usize) -> Outcome {
        check_datastore(datastore)?;
        let found = self.imports.iter().rev().filter(|job| job.datastore == datastore);
        let found = found.filter(|job| status.is_none_or(|status| job.status() == status));
        Ok(json!({ "job_summaries": found.take(n_most).map(Job::summary).collect::<Vec<_>>() }))
    }

    /// Deletes an image set.
    ///
    /// # Errors
    /// When there is no such image set.
    pub fn delete_image_set(&mut self, datastore: &str, id: &str) -> Outcome {
        check_datastore(datastore)?;
        let n_before = self.image_sets.len();
        self.image_sets.retain(|image_set| !(image_set.id == id && image_set.datastore == datastore));
        if self.image_sets.len() == n_before {
            return Err("there is no such image set; search_image_sets shows those that exist".to_owned());
        }
        Ok(json!({ "datastore_id": datastore, "image_set_id": id, "image_set_state": "DELETED" }))
    }
}

fn start(
    jobs: &mut Vec<Job>,
    base: usize,
    datastore: &str,
    uri: (&str, &str),
    name: Option<&str>,
) -> Outcome {
    check_datastore(datastore)?;
    let (argument, uri) = uri;
    if !uri.strip_prefix("s3://").is_some_and(|rest| !rest.is_empty() && !rest.starts_with('/')) {
        return Err(format!("{argument} must begin with s3:// and a bucket"));
    }
    if jobs.len() >= MAX_JOBS {
        return Err("the sample server is full; restart it".to_owned());
    }
    let job = Job {
        id: format!("{:032x}", base + jobs.len()),
        datastore: datastore.to_owned(),
        name: name.map(str::to_owned),
        uri: uri.to_owned(),
        n_looks: 0,
    };
    let started = json!({ "datastore_id": datastore, "job_id": job.id, "job_status": job.status() });
    jobs.push(job);
    Ok(started)
}

fn check_datastore(datastore: &str) -> Result<(), String> {
    if datastore == RESEARCH || datastore == CLINICAL {
        return Ok(());
    }
    Err("there is no such data store; list_datastores shows those that exist".to_owned())
}

#[cfg(test)]
mod tests {
    use super::{CLINICAL, Imaging, RESEARCH};

    #[test]
    fn an_import_is_started_shown_and_makes_progress() {
        let mut imaging = Imaging::default();
        let job = imaging.start_import(RESEARCH, "s3://pacs-inbox/a/", Some("first")).unwrap();
        assert_eq!(job["job_status"], "SUBMITTED");
        let id = job["job_id"].as_str().unwrap();
        for expected in ["SUBMITTED", "IN_PROGRESS", "COMPLETED", "COMPLETED"] {
            assert_eq!(imaging.import_job(RESEARCH, id).unwrap()["job_properties"]["job_status"], expected);
        }
        assert!(imaging.import_job(CLINICAL, id).is_err());
        assert_eq!(
            imaging.import_jobs(RESEARCH, None, 50).unwrap()["job_summaries"].as_array().unwrap().len(),
            1
        );
        assert_eq!(
            imaging.import_jobs(RESEARCH, Some("FAILED"), 50).unwrap()["job_summaries"]
                .as_array()
                .unwrap()
                .len(),
            0
        );
        assert_eq!((imaging.n_imports(), imaging.n_exports()), (1, 0));
    }

    #[test]
    fn what_does_not_exist_is_refused_and_starts_nothing() {
        let mut imaging = Imaging::default();
        assert!(imaging.start_import("unknown", "s3://a/", None).is_err());
        assert!(imaging.start_import(RESEARCH, "file:///etc", None).is_err());
        assert!(imaging.start_export(RESEARCH, "s3://", None).is_err());
        assert_eq!((imaging.n_imports(), imaging.n_exports()), (0, 0));
    }

    #[test]
    fn a_deleted_image_set_is_gone() {
        let mut imaging = Imaging::default();
        let found = imaging.search(RESEARCH, Some("CT"), 1).unwrap();
        let id = found["image_sets_metadata_summaries"][0]["image_set_id"].as_str().unwrap().to_owned();
        assert!(imaging.delete_image_set(CLINICAL, &id).is_err());
        assert_eq!(imaging.delete_image_set(RESEARCH, &id).unwrap()["image_set_state"], "DELETED");
        assert!(imaging.delete_image_set(RESEARCH, &id).is_err());
    }
}
