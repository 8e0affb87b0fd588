//! TLS by certificate files: read at the start, read again when they change, and served beside plain TCP by one listener.
//!
//! A file that cannot be used stops the start with one clear line. Later the desk goes on with the certificate that it
//! has, and says so.

mod listener;

pub use listener::{Door, Peer};

use crate::config::walls::TlsFiles;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier as _;
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{CertificateError, RootCertStore, ServerConfig};
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime};
use tracing::{info, warn};

/// How often the files are looked at for a change.
const LOOKED_AT_EVERY: Duration = Duration::from_secs(5);

/// Why a certificate cannot be served. The text is one line and says what to do.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read, or has nothing of the kind in it.
    #[error("the {what} {} cannot be used: {reason}; give a PEM file that the desk may read", path.display())]
    File {
        /// What it should hold.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
    /// The key is another certificate's.
    #[error("the key {} does not belong to the certificate {}; give both of the same pair", key.display(), cert.display())]
    Mismatch {
        /// The certificate.
        cert: PathBuf,
        /// The key.
        key: PathBuf,
    },
    /// The two cannot be served.
    #[error("the certificate {} cannot be served: {reason}; ask for a new one", path.display())]
    Unusable {
        /// The certificate.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
}

/// The certificate that is served now.
#[derive(Debug)]
struct Served {
    files: TlsFiles,
    key: RwLock<Arc<CertifiedKey>>,
}

impl ResolvesServerCert for Served {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(
            &self.key.read().unwrap_or_else(PoisonError::into_inner),
        ))
    }
}

/// A certificate to serve; clones are the same.
#[derive(Clone, Debug)]
pub struct Tls {
    served: Arc<Served>,
    config: Arc<ServerConfig>,
}

impl Tls {
    /// Reads the files.
    pub fn load(files: &TlsFiles) -> Result<Tls, TlsError> {
        let provider = Arc::new(ring::default_provider());
        let served = Arc::new(Served {
            key: RwLock::new(Arc::new(read(files, &provider)?)),
            files: files.clone(),
        });
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| TlsError::Unusable {
                path: files.cert.clone(),
                reason: error.to_string(),
            })?
            .with_no_client_auth()
            .with_cert_resolver(Arc::clone(&served) as Arc<dyn ResolvesServerCert>);
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Tls {
            served,
            config: Arc::new(config),
        })
    }

    /// What handshakes are made with.
    fn config(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.config)
    }

    /// Reads the files again. Connections that are open go on with what they have; where the files cannot be used, new
    /// ones do so as well.
    fn reload(&self) {
        let provider = self.config.crypto_provider();
        match read(&self.served.files, provider) {
            Ok(key) => {
                *self.served.key.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(key);
                info!(target: "tickwire::http", "the certificate was read again");
            }
            Err(error) => warn!(target: "tickwire::http", %error, "the certificate served so far stays"),
        }
    }

    /// Reads the files again whenever one of them changes, or the operator asks (SIGHUP), for ever.
    pub async fn keep_fresh(self) {
        let mut known = self.changed_at();
        let mut asked = hang_ups();
        loop {
            let is_asked = tokio::select! {
                () = tokio::time::sleep(LOOKED_AT_EVERY) => false,
                () = asked.next() => true,
            };
            let now = self.changed_at();
            if is_asked || now != known {
                known = now;
                self.reload();
            }
        }
    }

    /// When each file was last changed; nothing of one that is not there.
    fn changed_at(&self) -> [Option<SystemTime>; 2] {
        let changed_at = |path: &Path| path.metadata().and_then(|known| known.modified()).ok();
        [
            changed_at(&self.served.files.cert),
            changed_at(&self.served.files.key),
        ]
    }
}

fn read(files: &TlsFiles, provider: &Arc<CryptoProvider>) -> Result<CertifiedKey, TlsError> {
    let unread = |what: &'static str, path: &Path, error: rustls::pki_types::pem::Error| {
        // Only the kind of mistake: what stands in a file that is no key may still be a secret.
        let reason = match error {
            rustls::pki_types::pem::Error::Io(error) => error.to_string(),
            rustls::pki_types::pem::Error::NoItemsFound => "it holds none".to_owned(),
            _ => "it is not in the PEM format".to_owned(),
        };
        TlsError::File {
            what,
            path: path.to_owned(),
            reason,
        }
    };
    let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_file_iter(&files.cert)
        .and_then(Iterator::collect)
        .map_err(|error| unread("certificate", &files.cert, error))?;
    if chain.is_empty() {
        return Err(unread(
            "certificate",
            &files.cert,
            rustls::pki_types::pem::Error::NoItemsFound,
        ));
    }
    let key = PrivateKeyDer::from_pem_file(&files.key).map_err(|error| unread("key", &files.key, error))?;
    warn_of_dates(&chain, provider);
    CertifiedKey::from_der(chain, key, provider).map_err(|error| match error {
        rustls::Error::InconsistentKeys(_) => TlsError::Mismatch {
            cert: files.cert.clone(),
            key: files.key.clone(),
        },
        error => TlsError::Unusable {
            path: files.cert.clone(),
            reason: error.to_string(),
        },
    })
}

/// Says so where the certificate is of another time: clients will refuse it, and the operator should hear it first.
fn warn_of_dates(chain: &[CertificateDer<'static>], provider: &Arc<CryptoProvider>) {
    match dates(chain, provider, UnixTime::now()) {
        Some(Dates::Past) => {
            warn!(target: "tickwire::http", "the certificate has expired; clients will refuse it until it is renewed");
        }
        Some(Dates::Future) => {
            warn!(target: "tickwire::http", "the certificate is not valid yet; look at the clock of this machine");
        }
        None => {}
    }
}

/// When a certificate is valid, other than now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Dates {
    Past,
    Future,
}

/// Asks the verifier that clients use. Its other objections are the clients' business: whom they trust is not known here.
fn dates(chain: &[CertificateDer<'static>], provider: &Arc<CryptoProvider>, now: UnixTime) -> Option<Dates> {
    let (leaf, others) = chain.split_first()?;
    let mut roots = RootCertStore::empty();
    roots.add(chain.last()?.clone()).ok()?;
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider))
        .build()
        .ok()?;
    let name = ServerName::try_from("localhost").ok()?;
    match verifier.verify_server_cert(leaf, others, &name, &[], now).err()? {
        rustls::Error::InvalidCertificate(
            CertificateError::Expired | CertificateError::ExpiredContext { .. },
        ) => Some(Dates::Past),
        rustls::Error::InvalidCertificate(
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. },
        ) => Some(Dates::Future),
        _ => None,
    }
}

/// The operator's requests to read the files again.
struct HangUps {
    #[cfg(unix)]
    signal: Option<tokio::signal::unix::Signal>,
}

impl HangUps {
    async fn next(&mut self) {
        #[cfg(unix)]
        if let Some(signal) = &mut self.signal
            && signal.recv().await.is_some()
        {
            return;
        }
        std::future::pending().await
    }
}

#[cfg(unix)]
fn hang_ups() -> HangUps {
    let signal = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::hangup());
    if let Err(error) = &signal {
        warn!(target: "tickwire::http", %error, "SIGHUP cannot be caught; a changed certificate is found all the same");
    }
    HangUps { signal: signal.ok() }
}

#[cfg(not(unix))]
fn hang_ups() -> HangUps {
    HangUps {}
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{CertificateParams, KeyPair, date_time_ymd};

    pub(super) struct Pair {
        folder: tempfile::TempDir,
        pub(super) files: TlsFiles,
    }

    /// A certificate that is valid from the start of the first year to that of the last.
    pub(super) fn pair(years: (i32, i32)) -> Pair {
        let folder = tempfile::tempdir().unwrap();
        let files = TlsFiles {
            cert: folder.path().join("cert.pem"),
            key: folder.path().join("key.pem"),
        };
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        params.not_before = date_time_ymd(years.0, 1, 1);
        params.not_after = date_time_ymd(years.1, 1, 1);
        std::fs::write(&files.cert, params.self_signed(&key).unwrap().pem()).unwrap();
        std::fs::write(&files.key, key.serialize_pem()).unwrap();
        Pair { folder, files }
    }

    fn refused(files: &TlsFiles) -> String {
        let text = Tls::load(files).unwrap_err().to_string();
        assert!(!text.contains('\n'), "{text}");
        text
    }

    #[test]
    fn what_cannot_be_served_is_refused_in_a_line_that_names_the_file() {
        let Pair { folder, files } = pair((2020, 4096));
        assert!(Tls::load(&files).is_ok());
        let missing = TlsFiles {
            cert: folder.path().join("none.pem"),
            ..files.clone()
        };
        assert!(refused(&missing).contains("none.pem"));
        let empty = TlsFiles {
            key: files.cert.clone(),
            ..files.clone()
        };
        assert!(refused(&empty).contains("it holds none"), "{}", refused(&empty));
        let swapped = TlsFiles {
            cert: files.key.clone(),
            ..files.clone()
        };
        assert!(refused(&swapped).contains("certificate"), "{}", refused(&swapped));
        let other = pair((2020, 4096));
        let mixed = TlsFiles {
            key: other.files.key.clone(),
            ..files
        };
        assert!(refused(&mixed).contains("does not belong"), "{}", refused(&mixed));
    }

    #[test]
    fn a_key_never_stands_in_an_error() {
        let Pair { folder, files } = pair((2020, 4096));
        let secret = std::fs::read_to_string(&files.key).unwrap();
        let broken = folder.path().join("broken.pem");
        std::fs::write(&broken, secret.replace("-----END", "-----EN")).unwrap();
        let text = refused(&TlsFiles { key: broken, ..files });
        let line = secret.lines().nth(1).unwrap();
        assert!(!text.contains(line), "{text}");
    }

    #[test]
    fn a_certificate_of_another_time_is_noticed() {
        let provider = Arc::new(ring::default_provider());
        let dates = |years| {
            let pair = pair(years);
            let chain: Vec<_> = CertificateDer::pem_file_iter(&pair.files.cert)
                .unwrap()
                .map(Result::unwrap)
                .collect();
            super::dates(&chain, &provider, UnixTime::now())
        };
        assert_eq!(dates((2000, 2001)), Some(Dates::Past));
        assert_eq!(dates((4000, 4001)), Some(Dates::Future));
        assert_eq!(dates((2000, 4001)), None);
    }

    #[test]
    fn a_new_certificate_is_taken_up_and_a_broken_one_is_not() {
        let Pair { files, folder } = pair((2020, 4096));
        let tls = Tls::load(&files).unwrap();
        let served = || tls.served.key.read().unwrap().cert[0].clone();
        let first = served();
        std::fs::write(&files.cert, "no certificate").unwrap();
        tls.reload();
        assert_eq!(served(), first);
        let other = pair((2020, 4096));
        std::fs::copy(&other.files.cert, &files.cert).unwrap();
        tls.reload();
        assert_eq!(served(), first, "the key is still that of the first");
        std::fs::copy(&other.files.key, &files.key).unwrap();
        tls.reload();
        assert_ne!(served(), first);
        drop(folder);
    }
}
