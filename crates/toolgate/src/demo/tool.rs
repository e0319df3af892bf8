//! The sample server's tools: their definitions, and what each does with its arguments.
//! Arguments of the wrong kind are answered in words, as real servers do; nothing is guessed.

use serde_json::{Map, Value};

use super::imaging::{Imaging, Outcome};

const DEFINITIONS: &str = include_str!("tools.json");

/// The definitions as `tools/list` gives them.
#[must_use]
pub fn definitions() -> Value {
    // A test parses the text, so an empty list never happens.
    serde_json::from_str(DEFINITIONS).unwrap_or_default()
}

/// Calls a tool; `None` when there is no such tool.
pub fn call(imaging: &mut Imaging, name: &str, arguments: &Map<String, Value>) -> Option<Outcome> {
    let arguments = Arguments(arguments);
    Some(match name {
        "list_datastores" => arguments.text("datastore_status").map(|status| imaging.datastores(status)),
        "search_image_sets" => search(imaging, arguments),
        "start_dicom_import_job" => start_import(imaging, arguments),
        "get_dicom_import_job" => get_import(imaging, arguments),
        "list_dicom_import_jobs" => list_imports(imaging, arguments),
        "start_dicom_export_job" => start_export(imaging, arguments),
        "delete_image_set" => delete_image_set(imaging, arguments),
        _ => return None,
    })
}

fn search(imaging: &Imaging, arguments: Arguments<'_>) -> Outcome {
    imaging.search(arguments.needed("datastore_id")?, arguments.text("modality")?, arguments.n_most()?)
}

fn start_import(imaging: &mut Imaging, arguments: Arguments<'_>) -> Outcome {
    arguments.needed("data_access_role_arn")?;
    arguments.text("output_s3_uri")?;
    let (datastore, input) = (arguments.needed("datastore_id")?, arguments.needed("input_s3_uri")?);
    imaging.start_import(datastore, input, arguments.text("job_name")?)
}

fn get_import(imaging: &mut Imaging, arguments: Arguments<'_>) -> Outcome {
    imaging.import_job(arguments.needed("datastore_id")?, arguments.needed("job_id")?)
}

fn list_imports(imaging: &Imaging, arguments: Arguments<'_>) -> Outcome {
    imaging.import_jobs(arguments.needed("datastore_id")?, arguments.text("job_status")?, arguments.n_most()?)
}

fn start_export(imaging: &mut Imaging, arguments: Arguments<'_>) -> Outcome {
    arguments.needed("data_access_role_arn")?;
    arguments.text("study_instance_uid")?;
    let (datastore, output) = (arguments.needed("datastore_id")?, arguments.needed("output_s3_uri")?);
    imaging.start_export(datastore, output, arguments.text("job_name")?)
}

fn delete_image_set(imaging: &mut Imaging, arguments: Arguments<'_>) -> Outcome {
    imaging.delete_image_set(arguments.needed("datastore_id")?, arguments.needed("image_set_id")?)
}

/// A call's arguments.
#[derive(Clone, Copy)]
struct Arguments<'a>(&'a Map<String, Value>);

impl<'a> Arguments<'a> {
    fn text(self, name: &str) -> Result<Option<&'a str>, String> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
                Err(format!("{name} must be a string"))
            }
        }
    }

    fn needed(self, name: &str) -> Result<&'a str, String> {
        self.text(name)?.ok_or_else(|| format!("{name} is missing"))
    }

    fn n_most(self) -> Result<usize, String> {
        let Some(value) = self.0.get("max_results") else { return Ok(50) };
        let number = value.as_u64().filter(|number| (1..=50).contains(number));
        number
            .and_then(|number| usize::try_from(number).ok())
            .ok_or_else(|| "max_results must be an integer between 1 and 50".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::{call, definitions};
    use crate::demo::imaging::{Imaging, RESEARCH};
    use serde_json::{Value, json};

    fn arguments(value: Value) -> serde_json::Map<String, Value> {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn every_definition_has_a_tool_and_an_object_schema() {
        let definitions = definitions();
        let definitions = definitions.as_array().unwrap();
        assert_eq!(definitions.len(), 7);
        for definition in definitions {
            let name = definition["name"].as_str().unwrap();
            assert!(call(&mut Imaging::default(), name, &arguments(json!({}))).is_some(), "{name}");
            assert_eq!(definition["inputSchema"]["type"], "object", "{name}");
            for required in definition["inputSchema"]["required"].as_array().into_iter().flatten() {
                let property = &definition["inputSchema"]["properties"][required.as_str().unwrap()];
                assert!(property.is_object(), "{name} {required}");
            }
        }
        assert!(call(&mut Imaging::default(), "no_such_tool", &arguments(json!({}))).is_none());
    }

    #[test]
    fn arguments_of_the_wrong_kind_are_answered_in_words() {
        for (name, given, expected) in [
            ("search_image_sets", json!({}), "datastore_id is missing"),
            ("search_image_sets", json!({"datastore_id": 5}), "datastore_id must be a string"),
            (
                "search_image_sets",
                json!({"datastore_id": RESEARCH, "max_results": "5"}),
                "max_results must be an integer between 1 and 50",
            ),
            (
                "start_dicom_import_job",
                json!({"datastore_id": RESEARCH, "input_s3_uri": "s3://a/"}),
                "data_access_role_arn is missing",
            ),
        ] {
            let outcome = call(&mut Imaging::default(), name, &arguments(given)).unwrap();
            assert_eq!(outcome.unwrap_err(), expected);
        }
    }
}
