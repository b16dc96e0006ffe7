//! Opens an embedded server, in the directory given or in a temporary one, prints its URL and waits for the end of input.

use std::io::Read as _;
use std::path::PathBuf;

use crm_postgres::Crm;

#[tokio::main]
async fn main() {
    let directory = std::env::args_os().nth(1).map(PathBuf::from);
    match Crm::embedded(directory.as_deref()).await {
        Ok(crm) => {
            println!("{}", crm.url().expect("it is embedded"));
            std::io::stdin().read_to_end(&mut Vec::new()).expect("the parent closes the input");
            crm.close().await;
        }
        Err(error) => {
            println!("{}: {error}", error.code());
            std::process::exit(1);
        }
    }
}
