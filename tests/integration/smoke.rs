use crm_core::*;
use crm_tests::Database;

#[tokio::test]
async fn smoke() {
    let db = Database::fresh().await;
    let c = db.crm.customers().create(NewCustomer::new("A").validate().unwrap()).await.unwrap();
    println!("{c:?}");
    println!("{:?}", db.crm.customers().list(&List::new()).await.unwrap());
}
