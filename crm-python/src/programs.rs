//! PostgreSQL's programs inside Python's packages.

use std::path::{Path, PathBuf};

use crm_postgres::{offer_programs, wheels_in};
use pyo3::prelude::*;

/// Offers the programs in wheels, from where this interpreter has its packages and where this package is. `sys.path` is
/// not asked: it also names the working directory, or that of the script.
pub(crate) fn offer(py: Python<'_>) -> PyResult<()> {
    let library: PathBuf = py.import("crm._crm")?.getattr("__file__")?.extract()?;
    let mut places: Vec<PathBuf> = library.ancestors().nth(2).map(Path::to_owned).into_iter().collect();
    let (site, sysconfig) = (py.import("site")?, py.import("sysconfig")?);
    for scheme in ["platlib", "purelib"] {
        places.push(sysconfig.call_method1("get_path", (scheme,))?.extract()?);
    }
    places.extend(site.call_method0("getsitepackages")?.extract::<Vec<PathBuf>>()?);
    if site.getattr("ENABLE_USER_SITE")?.is_truthy()? {
        places.push(site.call_method0("getusersitepackages")?.extract()?);
    }
    offer_programs(places.iter().flat_map(|packages| wheels_in(packages)), &library);
    Ok(())
}
