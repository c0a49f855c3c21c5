//! Sending writes: one write as itself, several as a transaction, each repeated where that helps.

use aws_sdk_dynamodb::{
    config::http::HttpResponse,
    error::SdkError,
    operation::{
        put_item::PutItemError, transact_write_items::TransactWriteItemsError, update_item::UpdateItemError,
    },
    types::{CancellationReason, ReturnValue, ReturnValuesOnConditionCheckFailure as Returned},
};

use crate::{
    Store,
    capacity::{Kind, wanted},
    error::{Error, Failure, Failures, of_reason},
    expression::{Aliases, Condition, Update},
    item::{Attributes, Row},
    key::Key,
    retry,
    table::key_attributes,
    transaction::{Transaction, Write},
};

impl Store {
    /// Writes everything in the transaction, or nothing.
    ///
    /// A single write goes out on its own, which costs half. Conflicts, throttling and lost
    /// answers are repeated with the same items.
    pub(crate) async fn commit(&self, transaction: Transaction) -> Result<(), Error> {
        self.write(&transaction).await.map(drop)
    }

    /// Changes one item and returns it as it is now.
    pub(crate) async fn update(&self, update: Update) -> Result<Row, Error> {
        let key = update.key.clone();
        let mut transaction = Transaction::new();
        transaction.update(update);
        self.write(&transaction).await?.ok_or_else(|| Error::Corrupt {
            key,
            reason: "the table returned no item after its update".to_owned(),
        })
    }

    async fn write(&self, transaction: &Transaction) -> Result<Option<Row>, Error> {
        transaction.check_limits()?;
        let keys: Vec<_> = transaction.writes().iter().map(Write::key).collect();
        let mut lost_answer = false;
        let mut attempt = 1;
        loop {
            let error = match self.send(transaction).await {
                Ok(row) => return Ok(row),
                Err(error) => error,
            };
            if lost_answer && has_happened(transaction, &error) {
                return Ok(None);
            }
            lost_answer |= matches!(error, Error::Unknown(_));
            if !error.is_retryable() {
                return Err(error);
            }
            if attempt == retry::ATTEMPTS {
                // An earlier attempt may have gone through, whatever the last one says.
                let certain = !lost_answer || matches!(error, Error::Unknown(_));
                return Err(if certain { error } else { Error::Unknown(Box::new(error)) });
            }
            retry::pause(&keys, attempt).await;
            attempt += 1;
        }
    }

    async fn send(&self, transaction: &Transaction) -> Result<Option<Row>, Error> {
        match transaction.writes() {
            [Write::Put { row, condition }] => {
                Box::pin(self.send_put(row, condition.clone())).await.map(|()| None)
            }
            [Write::Update(update)] => Box::pin(self.send_update(update)).await.map(Some),
            [Write::Delete { key, condition: None }] => Box::pin(self.send_delete(key)).await.map(|()| None),
            _ => Box::pin(self.send_all(transaction)).await.map(|()| None),
        }
    }

    async fn send_put(&self, row: &Row, condition: Option<Condition>) -> Result<(), Error> {
        let mut aliases = Aliases::default();
        let condition = condition.map(|condition| condition.render(&mut aliases));
        let request = self.client.put_item().table_name(&self.table);
        let answer = request
            .set_item(Some(row.attributes().clone()))
            .set_condition_expression(condition)
            .set_expression_attribute_names(aliases.names())
            .set_expression_attribute_values(aliases.values())
            .return_values_on_condition_check_failure(Returned::AllOld)
            .set_return_consumed_capacity(wanted(self.meter.as_ref()))
            .send()
            .await;
        let answer = answer.map_err(|error| match error.as_service_error() {
            Some(PutItemError::ConditionalCheckFailedException(failed)) => {
                one_failed(row.key(), failed.item().cloned())
            }
            _ => Error::of_write(error),
        })?;
        self.measure(Kind::Write, answer.consumed_capacity());
        Ok(())
    }

    async fn send_update(&self, update: &Update) -> Result<Row, Error> {
        let mut aliases = Aliases::default();
        let expression = update.render(&mut aliases);
        let condition = update.condition.clone().map(|c| c.render(&mut aliases));
        let request = self.client.update_item().table_name(&self.table);
        let answer = request
            .set_key(Some(key_attributes(&update.key)))
            .update_expression(expression)
            .set_condition_expression(condition)
            .set_expression_attribute_names(aliases.names())
            .set_expression_attribute_values(aliases.values())
            .return_values(ReturnValue::AllNew)
            .return_values_on_condition_check_failure(Returned::AllOld)
            .set_return_consumed_capacity(wanted(self.meter.as_ref()))
            .send()
            .await;
        let answer = answer.map_err(|error| match error.as_service_error() {
            Some(UpdateItemError::ConditionalCheckFailedException(failed)) => {
                one_failed(update.key.clone(), failed.item().cloned())
            }
            _ => Error::of_write(error),
        })?;
        self.measure(Kind::Write, answer.consumed_capacity());
        Ok(Row::from_attributes(answer.attributes.unwrap_or_default()))
    }

    async fn send_delete(&self, key: &Key) -> Result<(), Error> {
        let request = self.client.delete_item().table_name(&self.table);
        let answer = request
            .set_key(Some(key_attributes(key)))
            .set_return_consumed_capacity(wanted(self.meter.as_ref()))
            .send()
            .await
            .map_err(Error::of_write)?;
        self.measure(Kind::Write, answer.consumed_capacity());
        Ok(())
    }

    async fn send_all(&self, transaction: &Transaction) -> Result<(), Error> {
        let items = transaction.items(&self.table);
        let items = items.map_err(|error| Error::Refused(Box::new(error)))?;
        let request = self.client.transact_write_items().set_transact_items(Some(items));
        let answer = request
            .set_return_consumed_capacity(wanted(self.meter.as_ref()))
            .send()
            .await
            .map_err(|error| cancelled(error, transaction))?;
        self.measure(Kind::Write, answer.consumed_capacity());
        Ok(())
    }
}

fn one_failed(key: Key, old: Option<Attributes>) -> Error {
    let old = old.map(Row::from_attributes);
    Error::Condition(Failures::new(vec![Failure { position: 0, key, old }]))
}

/// Reads a cancelled transaction's reasons, which stand in the order of its items.
fn cancelled(error: SdkError<TransactWriteItemsError, HttpResponse>, transaction: &Transaction) -> Error {
    let reasons = match error.as_service_error() {
        Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => {
            cancelled.cancellation_reasons().to_vec()
        }
        _ => return Error::of_write(error),
    };
    let failures = failures(&reasons, transaction);
    if !failures.is_empty() {
        return Error::Condition(Failures::new(failures));
    }
    let code = |reason: &CancellationReason| reason.code().filter(|code| *code != "None").map(str::to_owned);
    match reasons.iter().find_map(code) {
        Some(code) => of_reason(&code, Box::new(error)),
        None => Error::Refused(Box::new(error)),
    }
}

fn failures(reasons: &[CancellationReason], transaction: &Transaction) -> Vec<Failure> {
    let failed = reasons.iter().zip(transaction.writes()).enumerate();
    let failed = failed.filter(|(_, (reason, _))| reason.code() == Some("ConditionalCheckFailed"));
    failed
        .map(|(position, (reason, write))| Failure {
            position,
            key: write.key(),
            old: reason.item().cloned().map(Row::from_attributes),
        })
        .collect()
}

/// After a lost answer: do the failed conditions show that the lost attempt was carried out?
///
/// They do when every item that had to be new is there now, exactly as it was to be put. An item
/// that somebody changed since does not prove it; then the caller has to read and decide.
fn has_happened(transaction: &Transaction, error: &Error) -> bool {
    let Some(failures) = error.failures() else { return false };
    let mut fresh = transaction.writes().iter().enumerate().filter_map(|(position, write)| match write {
        Write::Put { row, condition: Some(Condition::New) } => Some((position, row)),
        _ => None,
    });
    let is_ours = |(position, row): (usize, &Row)| {
        failures.at(position).and_then(|failure| failure.old.as_ref()) == Some(row)
    };
    fresh.clone().next().is_some() && fresh.all(is_ours)
}
